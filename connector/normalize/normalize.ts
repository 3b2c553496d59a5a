import type { NormalizeContext, NormalizedMessage, WireMessage } from './wire-message.ts'

/**
 * Turns a message as WhatsApp delivers it into its event. `null` when there is nothing to tell: traffic between the
 * account's own devices, keys for later messages, and what is still being retried.
 */
export function normalizeMessage(
  _message: WireMessage,
  _context: NormalizeContext,
): NormalizedMessage | null {
  return null
}
