import { ContactChecks, maxCheckedNumbers } from '../../schema/api/contact.ts'
import type { Questions } from './questions.ts'
import type { Recipients } from './recipients.ts'
import { readNumber } from './recipients.ts'
import { timing } from './timing.ts'

/**
 * Asks WhatsApp about numbers that are written to for the first time: one question at a time, with all that gathered
 * meanwhile. When WhatsApp does not answer, what waits is tried again a little later; when it does so again and again,
 * messages go unchecked for a while, rather than not at all.
 */
export class NumberChecks {
  readonly #recipients: Recipients
  readonly #questions: Questions
  readonly #wanted = new Set<string>()
  #asking: Promise<void> | null = null
  #failures = 0
  #notBefore = 0
  #uncheckedUntil = 0

  constructor(recipients: Recipients, questions: Questions) {
    this.#recipients = recipients
    this.#questions = questions
  }

  /** The address to write to, as far as it is known; when WhatsApp does not answer, the one that was given. */
  addressOf(to: string, now: number): string | null | undefined {
    const known = this.#recipients.find(to, now)
    return known === undefined && now < this.#uncheckedUntil ? to : known
  }

  /** Resolves when WhatsApp was asked about these, whatever came of it. */
  async look(addresses: string[]): Promise<void> {
    const numbers: string[] = []
    for (const to of addresses) {
      const number = readNumber(to)
      if (number !== null && this.#recipients.find(to, Date.now()) === undefined) numbers.push(number)
    }
    for (const number of numbers) this.#wanted.add(number)
    while (numbers.some((number) => this.#wanted.has(number))) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = null
      })
      await this.#asking
    }
  }

  /** When to ask again after a question that was not answered. */
  get notBefore(): number {
    return this.#notBefore
  }

  async #ask(): Promise<void> {
    // What is looked up in the same turn goes with the same question.
    await Promise.resolve()
    const numbers = [...this.#wanted].slice(0, maxCheckedNumbers)
    const answer = await this.#questions.ask({ kind: 'checkNumbers', numbers })
    const checks = answer.ok ? ContactChecks.safeParse(answer.result) : null
    if (!checks?.success) return this.#giveUp()
    this.#recipients.learn(checks.data.contacts, Date.now())
    this.#failures = 0
    for (const number of numbers) this.#wanted.delete(number)
  }

  #giveUp(): void {
    const now = Date.now()
    this.#wanted.clear()
    this.#failures += 1
    this.#notBefore = now + timing.recheckMs
    if (this.#failures < maxFailures) return
    this.#failures = 0
    this.#uncheckedUntil = now + timing.uncheckedMs
  }
}

const maxFailures = 3
