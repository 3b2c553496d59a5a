/** Writes what went wrong in a Durable Object into the log; `ids` tell in which. */
export function reportFailure(
  part: string,
  error: unknown,
  ids: Record<string, string | undefined> = {},
): void {
  const text = error instanceof Error ? error.message : String(error)
  // oxlint-disable-next-line no-console -- the Worker's log is its console
  console.error(JSON.stringify({ level: 'error', part, ...ids, error: text }))
}
