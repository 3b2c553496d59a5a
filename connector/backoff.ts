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

/**
 * How long to wait before try number `attempt` to connect to WhatsApp. `wasLetIn`: the last connection was open, but broke
 * soon, as on a bad network: WhatsApp turns nobody away, so the pauses stay short.
 */
export function reconnectAfterMs(attempt: number, wasLetIn: boolean, random?: () => number): number {
  return backoffMs(attempt, { firstMs: 500, maxMs: wasLetIn ? 5000 : 60_000 }, random)
}
