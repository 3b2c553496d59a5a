import type { CommandReport } from './outbox.ts'

/** Why a question failed: a code of the API's problems (`schema/command.ts`), and words. */
export interface Refusal {
  errorCode: string
  errorText: string
}

/** What WhatsApp's codes mean for one family of questions. */
export type Refusals = Partial<Record<number, Refusal>>

const notAnswered: Refusal = {
  errorCode: 'notAnswered',
  errorText: 'WhatsApp did not answer the question. Try again in some seconds.',
}
const rateLimited: Refusal = {
  errorCode: 'rateLimited',
  errorText: 'WhatsApp wants fewer such requests. Wait some minutes, then try again.',
}

/** Reads WhatsApp's code; without one, or with one of a broken server, it was no refusal at all. */
export function readRefusal(code: number | undefined, refusals: Refusals = {}): Refusal {
  if (code === undefined || Number.isNaN(code)) return notAnswered
  const known = refusals[code]
  if (known !== undefined) return known
  if (code === 429) return rateLimited
  if (code >= 500) return notAnswered
  return {
    errorCode: 'refusedByWhatsApp',
    errorText: `WhatsApp refused this with its code ${code}. See whether the phone can do it, and what it says there.`,
  }
}

/** A question that is refused before WhatsApp is asked. */
export class RefusedQuestion extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.errorText)
    this.refusal = refusal
  }
}

/** WhatsApp's code in what Baileys throws when a query is answered by an error. */
export function codeOf(error: unknown): number | undefined {
  const { data } = error as { data?: unknown }
  return typeof data === 'number' ? data : undefined
}

export function failedReport(idCommand: string, refusal: Refusal): CommandReport {
  return { report: 'command', idCommand, outcome: 'failed', ...refusal }
}
