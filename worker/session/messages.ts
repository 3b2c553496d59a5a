import type { SendableMessage } from '../../schema/outgoing.ts'
import { hashText } from '../hash.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { Change } from './change.ts'
import type { FleetTie } from './fleet-tie.ts'
import type { SessionLink } from './link.ts'
import type { NumberChecks } from './number-checks.ts'
import { failMessage, queueMessage, refuseSending, type SendRefusal } from './outbox.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'
import type { Turns } from './turns.ts'
import { viewMessage, type MessageView } from './view.ts'
import type { Waiters } from './waiters.ts'

type Gone = Failure<'sessionNotFound'>

interface MessagesParts {
  store: SessionStore
  link: SessionLink
  waiters: Waiters
  checks: NumberChecks
  turns: Turns
  fleet: Pick<FleetTie, 'waiting'>
  living: () => SessionRecord | Gone
  change: <Outcome>(apply: (change: Change, record: SessionRecord) => Outcome) => Outcome
}

export interface SendOptions {
  waitSeconds: number
  idempotencyKey?: string | undefined
}

export type Sent = Result<{ message: MessageView }, SendRefusal | 'sessionNotFound'>
export type Found = Result<{ message: MessageView }, 'sessionNotFound' | 'messageNotFound'>
export type Page = Result<{ messages: MessageView[]; cursor: string | null }, 'sessionNotFound'>
export type Cancelled = Result<object, 'sessionNotFound' | 'messageNotFound' | 'messageGone'>

const noMessage = () =>
  fail('messageNotFound', 'This session has no such message, or it is older than the retention.')

/** Waits for the work, but not for ever; it goes on by itself. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, timeoutMs)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** What the account is to send, as the API asks for it. */
export class Messages {
  readonly #parts: MessagesParts

  constructor(parts: MessagesParts) {
    this.#parts = parts
  }

  /** Stores a message durably, hands it to the connector, and waits for WhatsApp's acknowledgement up to `waitSeconds`. */
  async send(message: SendableMessage, options: SendOptions): Promise<Sent> {
    const { store, waiters, living, change } = this.#parts
    const { idempotencyKey: key, waitSeconds } = options
    const keyed = key === undefined ? null : { key, bodyHash: await hashText(JSON.stringify(message)) }
    const record = living()
    if ('ok' in record) return record
    const isRepeated = keyed !== null && store.commands.recall(keyed.key) !== null
    const refusal = isRepeated ? null : await this.#refuse(message, record)
    if (refusal) return refusal
    const queued = change((draft, current) => queueMessage(store, draft, current, message, keyed))
    if (!queued.ok) return queued
    const { idMessage } = queued
    const stored = store.commands.get(idMessage)
    if (waitSeconds > 0 && stored?.status === 'queued') await waiters.wait(idMessage, waitSeconds * 1000)
    return this.find(idMessage) as Sent
  }

  /** Why a message cannot be taken: of what the session is, or because nobody has the number. */
  async #refuse(
    { to }: SendableMessage,
    record: SessionRecord,
  ): Promise<Failure<SendRefusal | 'sessionNotFound'> | null> {
    const { store, checks, turns } = this.#parts
    const refusal = refuseSending(store, record)
    if (refusal) return refusal
    const isUnknown = checks.addressOf(to, Date.now()) === undefined
    if (isUnknown && turns.isOpen && checks.notBefore <= Date.now())
      await within(timing.answerMs, checks.look([to]))
    if (checks.addressOf(to, Date.now()) !== null) return null
    return fail('notOnWhatsApp', `${to} is not on WhatsApp. Check the number, with its country code.`)
  }

  find(idMessage: string): Found {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const command = this.#parts.store.commands.get(idMessage)
    return command ? succeed({ message: viewMessage(command, this.#parts.fleet.waiting) }) : noMessage()
  }

  /** Those that wait, in the order in which they will go. */
  listQueued({ limit, cursor }: { limit: number; cursor?: string | undefined }): Page {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const { store, fleet } = this.#parts
    const found = store.commands.queued(limit + 1, Number(cursor ?? 0) || 0)
    const page = found.slice(0, limit)
    const next = found.length > limit ? String(page.at(-1)?.createdAt) : null
    return succeed({ messages: page.map((each) => viewMessage(each, fleet.waiting)), cursor: next })
  }

  /**
   * Takes a queued message back. What no connector was told of is simply not sent; else the connector is asked, and only
   * the one that alone was told of it can know that it has not gone.
   */
  async cancel(idMessage: string): Promise<Cancelled> {
    const { store, link, waiters, living, change } = this.#parts
    const record = living()
    if ('ok' in record) return record
    const command = store.commands.get(idMessage)
    if (!command) return noMessage()
    if (command.status !== 'queued') return fail('messageGone', 'It waits no more: its status says why.')
    if (command.told === 0) {
      change((draft, current) => failMessage(store, draft, current, command, 'cancelled'))
      return succeed({})
    }
    const isAsked = command.told === record.epoch && link.tell({ type: 'cancel', idCommand: idMessage })
    if (!isAsked)
      return fail('messageGone', 'A connector that cannot be asked now may have sent it. Look at its status.')
    await Promise.race([
      waiters.wait(idMessage, timing.cancelMs),
      waiters.wait(`cancel:${idMessage}`, timing.cancelMs),
    ])
    const { status, outcome } = store.commands.get(idMessage) ?? command
    if (status === 'failed' && outcome.errorCode === 'cancelled') return succeed({})
    return fail('messageGone', 'It is on its way to WhatsApp already. Revoke it when it has arrived.')
  }
}
