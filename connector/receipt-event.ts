import type { EventDraft } from '../schema/event/event.ts'
import type { MessageStatus } from '../schema/event/change.ts'
import type { LinkCommand } from '../schema/link.ts'
import { isJidGroup, jidNormalizedUser, toNumber, WAMessageStatus } from './baileys.ts'
import type { WAMessageKey } from './baileys.ts'
import { makeIdEvent } from './event-id.ts'
import type { CommandReport } from './outbox.ts'

interface ReceiptContext {
  idSession: string
  phoneOf(lid: string): string | undefined
  now(): number
}

interface StatusUpdate {
  key: WAMessageKey
  update: { status?: number | null; messageTimestamp?: unknown }
}

interface GroupReceipt {
  key: WAMessageKey
  receipt: { userJid?: string | null; receiptTimestamp?: unknown; readTimestamp?: unknown }
}

const statuses = new Map<number, MessageStatus>([
  [WAMessageStatus.DELIVERY_ACK, 'delivered'],
  [WAMessageStatus.READ, 'read'],
  [WAMessageStatus.PLAYED, 'played'],
])

/** What Baileys tells of the account's own messages in direct chats. */
export function readStatusUpdates(updates: StatusUpdate[], context: ReceiptContext): EventDraft[] {
  return updates.flatMap(({ key, update }) => {
    const status = statuses.get(update.status ?? -1)
    if (!key.fromMe || status === undefined) return []
    return makeStatus(key, status, update.messageTimestamp, undefined, context)
  })
}

/** What Baileys tells of the account's own messages in groups: one participant each. */
export function readGroupReceipts(receipts: GroupReceipt[], context: ReceiptContext): EventDraft[] {
  return receipts.flatMap(({ key, receipt }) => {
    if (!key.fromMe || !receipt.userJid) return []
    const status = receipt.readTimestamp === undefined ? 'delivered' : 'read'
    const at = receipt.readTimestamp ?? receipt.receiptTimestamp
    return makeStatus(key, status, at, receipt.userJid, context)
  })
}

/** What became of a message that the API asked for: WhatsApp has it, or will not have it. */
export function readCommandStatus(
  { outcome, errorCode, errorText }: CommandReport,
  { idMessage, message }: LinkCommand,
  idSession: string,
  nowMs: number,
): EventDraft {
  const status = outcome === 'done' ? 'sent' : 'failed'
  return {
    idSession,
    messageType: 'messageStatus',
    idEvent: makeIdEvent({ idSession, chat: '', sender: '', idMessage, kind: `status:${status}` }),
    senderNumber: message.to,
    messageTimestamp: Math.floor(nowMs / 1000),
    idMessage,
    status,
    ...(errorCode !== undefined && { errorCode }),
    ...(errorText !== undefined && { errorText }),
  }
}

function makeStatus(
  key: WAMessageKey,
  status: MessageStatus,
  timestamp: unknown,
  participant: string | undefined,
  { idSession, phoneOf, now }: ReceiptContext,
): EventDraft[] {
  const { id: idMessage, remoteJid } = key
  if (!idMessage || !remoteJid) return []
  const chat = jidNormalizedUser(remoteJid)
  const sender = participant === undefined ? '' : jidNormalizedUser(participant)
  const known = (jid: string) => (jid.endsWith('@lid') ? (phoneOf(jid) ?? jid) : jid)
  return [
    {
      idSession,
      messageType: 'messageStatus',
      idEvent: makeIdEvent({ idSession, chat: '', sender, idMessage, kind: `status:${status}` }),
      senderNumber: known(chat),
      messageTimestamp: toNumber(timestamp as number) || Math.floor(now() / 1000),
      idMessage,
      ...(isJidGroup(chat) && sender !== '' && { participant: known(sender) }),
      status,
    },
  ]
}
