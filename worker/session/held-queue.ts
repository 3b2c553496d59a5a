/**
 * What may leave the queue of one chat when the wait of `settled` is over: everything in front of the first that still
 * waits. Nothing, when that one stands in front of it.
 */
export function takeReleasable<Item extends { position: number; waits: number }>(
  queue: Iterable<Item>,
  settled: number,
): Item[] {
  const free: Item[] = []
  for (const item of queue) {
    if (item.waits !== 0 && item.position !== settled) break
    free.push(item)
  }
  return free
}
