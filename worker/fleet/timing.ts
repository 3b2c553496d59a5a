/** The Fleet's times, in milliseconds awake: a connector that is lost has its sessions elsewhere within 15 s. */
export const timing = {
  /** A connector not heard for this long is gone: longer than a beat and a jump of the clock together. */
  silentMs: 10_000,
  /** How long a connector whose socket closed may take to come back. */
  graceMs: 2000,
  /** The same after the Fleet itself was away, when all come back at once, trying every 3 s. */
  restartGraceMs: 4000,
  /** How long a draining connector may take to hand a session over. */
  handoverMs: 3000,
  /** Asked for this many times without a link, within this time of each other, a session is tried elsewhere. */
  maxAsks: 3,
  askWindowMs: 30_000,
} as const
