/** What happened when: what was broken, what the parts logged, when this process stood still. The newest lines only. */
export class Timeline {
  readonly #lines: { at: number; text: string; isLog: boolean }[] = []
  readonly #pulse: NodeJS.Timeout
  #beatAt = Date.now()
  /** The longest time that this process stood still. */
  longestStandstillMs = 0

  constructor() {
    this.#pulse = setInterval(() => this.#beat(), beatMs)
  }

  /** Something that this suite did or saw. */
  note(text: string): void {
    this.#add(text, false)
  }

  /** A line that a part of the installation printed. */
  log(label: string, line: string): void {
    this.#add(`${label}: ${line}`, true)
  }

  /** What was done from one moment to another. */
  notes(from: number, until: number): string[] {
    return this.#between(from, until).flatMap(({ at, text, isLog }) => (isLog ? [] : `${timeOf(at)} ${text}`))
  }

  /** What was done and what was logged that holds one of these words, or is no more than a warning. */
  lines(from: number, until: number, words: string[]): string[] {
    return this.#between(from, until)
      .filter(({ text, isLog }) => !isLog || words.some((word) => text.includes(word)))
      .map(({ at, text }) => `${timeOf(at)} ${text}`)
  }

  stop(): void {
    clearInterval(this.#pulse)
  }

  #between(from: number, until: number) {
    return this.#lines.filter(({ at }) => at >= from && at <= until)
  }

  #add(text: string, isLog: boolean): void {
    this.#lines.push({ at: Date.now(), text: text.slice(0, 600), isLog })
    if (this.#lines.length > mostLines) this.#lines.splice(0, mostLines / 2)
  }

  /** The subscriber and WhatsApp live in this process: what they saw, they may have seen late. */
  #beat(): void {
    const lateMs = Date.now() - this.#beatAt - beatMs
    this.longestStandstillMs = Math.max(this.longestStandstillMs, lateMs)
    if (lateMs > 300) this.note(`(this process stood still for ${lateMs} ms)`)
    this.#beatAt = Date.now()
  }
}

const beatMs = 50
const mostLines = 40_000

/** The time of day with milliseconds. */
export function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 23)
}
