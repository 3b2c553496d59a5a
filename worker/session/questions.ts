import { questionProblems, type LinkCommand, type QuestionProblem } from '../../schema/command.ts'
import type { SessionReport } from '../../schema/link.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SessionLink } from './link.ts'
import type { SessionRecord } from './record.ts'
import { isActive } from './state-table.ts'
import { timing } from './timing.ts'

export type Question = Exclude<LinkCommand, { kind: 'sendMessage' }>
/** Why there is no answer: nobody was told, the connector has gone, or it took too long. */
type Unanswered = 'untold' | 'unlinked' | 'tooLate'
type Answer = Extract<SessionReport, { report: 'command' }>

export type Answered = Result<
  { result: Record<string, unknown> },
  'sessionNotFound' | 'sessionNotConnected' | 'notAnswered' | QuestionProblem
> &
  Untold
/** Nobody was asked: it can be asked again, whatever it is. */
interface Untold {
  isUntold?: true
}
type Refused = Failure<'sessionNotConnected' | 'alreadyLinked'>

interface QuestionsParts {
  link: SessionLink
  living: () => SessionRecord | Failure<'sessionNotFound'>
}

/**
 * What WhatsApp is asked at once or not at all: nothing is stored. Whoever asked waits for the connector's answer; when the
 * object or the connector ends meanwhile, nobody waits any more.
 */
export class Questions {
  readonly #parts: QuestionsParts
  readonly #open = new Map<string, { epoch: number; finish: (answer: Answer | Unanswered) => void }>()

  constructor(parts: QuestionsParts) {
    this.#parts = parts
  }

  async ask(command: Question): Promise<Answered> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const refused = command.kind === 'pairingCode' ? refuseCode(record) : refuseQuestion(record)
    if (refused) return refused
    const idCommand = randomId('ask')
    const answer = await this.#waitFor(idCommand, record.epoch, () =>
      this.#parts.link.tell({ type: 'command', idCommand, command }),
    )
    if (answer === 'untold' || answer === 'unlinked') {
      const failure = fail(
        'notAnswered',
        'No connector runs the session at the moment. Try again in some seconds.',
      )
      return answer === 'untold' ? { ...failure, isUntold: true } : failure
    }
    if (answer === 'tooLate')
      return fail('notAnswered', 'WhatsApp did not answer in time. Try again in some seconds.')
    if (answer.outcome === 'failed')
      return fail(
        questionProblems.find((problem) => problem === answer.errorCode) ?? 'notAnswered',
        answer.errorText ?? 'WhatsApp could not be asked. Try again in some seconds.',
      )
    return succeed({ result: answer.result ?? {} })
  }

  /** A connector reports on a command that is not stored. */
  settle(answer: Answer): void {
    this.#open.get(answer.idCommand)?.finish(answer)
  }

  /** A connector runs the session under this epoch: one of an earlier epoch answers no more. */
  abandon(epoch: number): void {
    for (const open of this.#open.values()) if (open.epoch !== epoch) open.finish('unlinked')
  }

  #waitFor(idCommand: string, epoch: number, tell: () => boolean): Promise<Answer | Unanswered> {
    return new Promise((resolve) => {
      const finish = (answer: Answer | Unanswered) => {
        clearTimeout(timer)
        this.#open.delete(idCommand)
        resolve(answer)
      }
      const timer = setTimeout(() => finish('tooLate'), timing.answerMs)
      this.#open.set(idCommand, { epoch, finish })
      if (!tell()) finish('untold')
    })
  }
}

function refuseQuestion({ state, desire }: SessionRecord): Refused | undefined {
  if (isActive(state) && state !== 'qr' && desire === 'run') return undefined
  return fail('sessionNotConnected', `The session is ${state}. Start and link it, then ask again.`)
}

function refuseCode({ state, number, desire }: SessionRecord): Refused | undefined {
  const isLinked = number !== null && state !== 'qr'
  if (isLinked)
    return fail('alreadyLinked', 'The session is linked. Log it out first to link another number.')
  if (isActive(state) && desire === 'run') return undefined
  return fail('sessionNotConnected', `The session is ${state}. Start it, then ask again.`)
}
