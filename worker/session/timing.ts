/** The session's own times, in milliseconds; `docs/storage.md` and the operating manual quote them. */
export const timing = {
  /** How long an event waits for its file before it goes without. */
  fileDeadlineMs: 120_000,
  /** How long a linked connector has to report a stop or a logout before it is taken as done. */
  askedMs: 15_000,
  /** How long a logout waits for a connector that can tell WhatsApp, before the account is forgotten all the same. */
  unlinkMs: 600_000,
  /** How long an active session may be without a link before the Fleet is asked again. */
  relinkMs: 3000,
  relinkAgainMs: 10_000,
  /** How long a message may wait to be sent, unless it says otherwise. */
  commandLifetimeMs: 24 * 3_600_000,
  /** How long a connector has to answer whether a message can be taken back. */
  cancelMs: 5000,
  /** How long WhatsApp has to answer a question, such as whether a number is on it. */
  answerMs: 10_000,
  /** For how long it is believed that a number is not on WhatsApp. */
  absentMs: 600_000,
  /** After a question about numbers that WhatsApp did not answer, when it is asked again … */
  recheckMs: 3000,
  /** … and, when it has not answered several in a row, for how long messages go unchecked. */
  uncheckedMs: 60_000,
  /** How long an Idempotency-Key is remembered. */
  idempotencyMs: 24 * 3_600_000,
  /** How long a deleted session waits for its subscribers to get the last events. */
  farewellMs: 24 * 3_600_000,
  farewellPollMs: 5000,
  /** An alarm always stands, at most this far ahead. */
  standingMs: 600_000,
  repeatMs: 2000,
} as const
