/** Cuts a page from rows of which one more than `limit` was asked for; its cursor is null at the end. */
export function cutPage<Row extends { position: number }>(
  found: readonly Row[],
  limit: number,
): { rows: Row[]; cursor: string | null } {
  const rows = found.slice(0, limit)
  return { rows, cursor: found.length > limit ? String(rows.at(-1)?.position) : null }
}

/** The position after which the page of a cursor begins. */
export function readCursor(cursor: string | null | undefined): number {
  return Number(cursor ?? 0) || 0
}
