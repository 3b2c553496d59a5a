import type { Origin } from '../idempotency.ts'
import { fail, type Failure, type Result } from '../result.ts'
import type { Answered, Question, Questions } from './questions.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'

type CreateGroup = Extract<Question, { kind: 'createGroup' }>
export type MadeGroup =
  | Answered
  | Result<{ result: Record<string, unknown> }, 'idempotencyConflict' | 'outcomeUnknown'>

interface GroupMakerParts {
  store: SessionStore
  questions: Questions
  living: () => SessionRecord | Failure<'sessionNotFound'>
}

/**
 * Makes a group once under an `Idempotency-Key`. The key is stored before WhatsApp is asked, and the group's address when it has
 * answered: a repeat reads that group. When no answer has come nobody knows whether there is one, and the key makes no other.
 */
export class GroupMaker {
  readonly #parts: GroupMakerParts
  readonly #underWay = new Map<string, Promise<MadeGroup>>()

  constructor(parts: GroupMakerParts) {
    this.#parts = parts
  }

  async make(question: CreateGroup, { id, requestHash }: Origin<'grp'>): Promise<MadeGroup> {
    const { store, questions, living } = this.#parts
    const record = living()
    if ('ok' in record) return record
    const known = store.commands.recall(id)
    if (known && known.bodyHash !== requestHash)
      return fail(
        'idempotencyConflict',
        'This Idempotency-Key was used for another group. Use a new key for a new group.',
      )
    const underWay = this.#underWay.get(id)
    if (underWay) return underWay
    if (known && known.idCommand !== '') return questions.ask({ kind: 'readGroup', jid: known.idCommand })
    if (known)
      return fail(
        'outcomeUnknown',
        'Nobody knows whether WhatsApp has made this group. List the groups; if it is not there, ask under a new key.',
      )
    store.commands.remember(id, requestHash, '', Date.now())
    const making = this.#ask(question, id).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, making)
    return making
  }

  async #ask(question: CreateGroup, id: string): Promise<MadeGroup> {
    const { commands } = this.#parts.store
    const answered = await this.#parts.questions.ask(question)
    if (answered.ok) commands.note(id, String(answered.result['jid']))
    else if (answered.code !== 'notAnswered' || 'isUntold' in answered) commands.unremember(id)
    return answered
  }
}
