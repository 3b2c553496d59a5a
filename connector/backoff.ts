/**
 * How long to wait before try number `attempt` (1, 2, 3 …): doubling from `firstMs` to `maxMs`, each between half and
 * whole, so that many who lost the same peer do not come back at the same moment.
 */
export function backoffMs(
  attempt: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  random: () => number = Math.random,
): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(whole * (0.5 + random() / 2))
}
