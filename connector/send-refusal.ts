/** A message that cannot be sent, however often it is tried. */
export class SendRefusal extends Error {
  readonly code: string

  constructor(code: string, text: string) {
    super(text)
    this.code = code
  }
}
