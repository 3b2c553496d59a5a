import type { Receiver, ReceivedWebhook } from '../support/receiver.ts'
import type { Ledger } from './ledger.ts'

/**
 * How the subscriber is: `well`; `down` answers 503 and takes nothing; `forgetful` takes what comes and breaks the
 * connection without an answer; `slow` takes what comes and answers when its mood ends.
 */
export type Mood = 'well' | 'down' | 'forgetful' | 'slow'

/** A subscriber with moods. What it takes goes into the ledger, with what it answered and when. */
export class Subscriber {
  #mood: Mood = 'well'
  #waiting: (() => void)[] = []

  constructor(receiver: Receiver, ledger: Ledger) {
    receiver.onWebhook = ({ signatureProblem }) => {
      if (signatureProblem !== undefined) ledger.badSignatures += 1
      if (receiver.webhooks.length > 5000) receiver.webhooks.splice(0, 2500)
    }
    receiver.answer = (webhook) => this.#answer(webhook, ledger)
  }

  set mood(mood: Mood) {
    this.#mood = mood
    for (const answer of this.#waiting.splice(0)) answer()
  }

  #answer({ event }: ReceivedWebhook, ledger: Ledger): number | Promise<number | undefined> {
    const attempt = ledger.attempt(event.idEvent)
    if (this.#mood === 'down') return (attempt.status = 503)
    ledger.arrive(event, attempt)
    const takes = () => {
      attempt.at = Date.now()
      return (attempt.status = 204)
    }
    if (this.#mood === 'well') return takes()
    if (this.#mood === 'forgetful') return Promise.resolve(undefined)
    return new Promise<void>((answer) => this.#waiting.push(answer)).then(takes)
  }
}
