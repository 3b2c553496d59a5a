/** How far a delay may stray from the schedule, either way, so that what failed together does not come back together. */
export const jitter = 0.2

/** Between probes of an endpoint that fails as a whole, and after an answer that asks to slow down. */
export const maxProbeDelayMs = 60_000

/**
 * Delay before the next attempt of an event, or null when its attempts are used up.
 * @param schedule seconds before each retry: its length is the number of retries.
 * @param attempts how many attempts have failed, at least 1. After a change of the schedule the count is kept and the new
 *   list says what comes next.
 * @param random 0 to 1.
 */
export function retryDelay(schedule: readonly number[], attempts: number, random: number): number | null {
  const seconds = schedule[attempts - 1]
  return seconds === undefined ? null : withJitter(seconds * 1000, random)
}

/** Delay before probe number `step` (0, 1, 2 …): the schedule's own steps, but never longer than a minute. */
export function probeDelay(schedule: readonly number[], step: number, random: number): number {
  const seconds = schedule[Math.min(step, schedule.length - 1)] ?? maxProbeDelayMs / 1000
  return withJitter(Math.min(seconds * 1000, maxProbeDelayMs), random)
}

function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 - jitter + 2 * jitter * random))
}
