/**
 * What went wrong with a file. `gone`: WhatsApp has it no more, the phone may upload it again. `hashMismatch`,
 * `tooLarge`, `refused`: another try will not help. `network`, `timeout`: another try may.
 */
export type MediaErrorCode = 'gone' | 'hashMismatch' | 'tooLarge' | 'refused' | 'network' | 'timeout'

export class MediaError extends Error {
  readonly code: MediaErrorCode

  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MediaError'
    this.code = code
  }
}
