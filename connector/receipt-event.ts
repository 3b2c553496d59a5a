import type { EventDraft } from '../schema/event/event.ts'
import type { MessageStatus } from '../schema/event/change.ts'
import type { SendCommand } from '../schema/command.ts'
import { isJidGroup, jidNormalizedUser, toNumber, WAMessageStatus } from './baileys.ts'
import type { BinaryNode, WAMessageKey } from './baileys.ts'
import { makeIdEvent } from './event-id.ts'
import type { CommandReport } from './outbox.ts'

interface ReceiptContext {
  idSession: string
  phoneOf(lid: string): string | undefined
  /** Whether an address is the account's own. */
  isOwn(jid: string): boolean
  now(): number
}

interface StatusUpdate {
  key: WAMessageKey
  update: { status?: number | null; messageTimestamp?: unknown }
}

const statuses = new Map<number, MessageStatus>([
  [WAMessageStatus.DELIVERY_ACK, 'delivered'],
  [WAMessageStatus.READ, 'read'],
  [WAMessageStatus.PLAYED, 'played'],
])

/** By the type of a receipt's stanza; one without a type tells of the delivery. */
const groupStatuses = new Map<string, MessageStatus>([
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['played', 'played'],
])

/** What Baileys tells of the account's own messages in direct chats. */
export function readStatusUpdates(updates: StatusUpdate[], context: ReceiptContext): EventDraft[] {
  return updates.flatMap(({ key, update }) => {
    const status = statuses.get(update.status ?? -1)
    if (!key.fromMe || status === undefined || isJidGroup(key.remoteJid ?? undefined)) return []
    return makeStatus(key, status, update.messageTimestamp, undefined, context)
  })
}

/**
 * The receipts of one stanza for messages in a group: a participant each, or many at once. Read from the stanza because
 * Baileys tells `played` as read, and a notice to the account's own other devices as well.
 */
export function readGroupReceipts(node: BinaryNode, context: ReceiptContext): EventDraft[] {
  const { tag, attrs, content } = node
  const { id, from, participant, t, type = 'delivered' } = attrs
  const status = groupStatuses.get(type)
  if (tag !== 'receipt' || !id || !isJidGroup(from) || status === undefined) return []
  const told = (idMessage: string, jid: string | undefined, at: string | undefined) =>
    jid === undefined || context.isOwn(jidNormalizedUser(jid))
      ? []
      : makeStatus({ id: idMessage, remoteJid: from! }, status, Number(at), jid, context)
  const parts = Array.isArray(content) ? content : []
  const single = [id, ...childrenOf(parts, 'list', 'item').map((item) => item.attrs['id'] ?? '')]
  const gathered = parts.filter((part) => part.tag === 'participants')
  return [
    ...single.flatMap((idMessage) => told(idMessage, participant, t)),
    ...gathered.flatMap((part) =>
      childrenOf([part], 'participants', 'user').flatMap((user) =>
        told(part.attrs['key'] ?? id, user.attrs['jid'], user.attrs['t'] ?? t),
      ),
    ),
  ]
}

function childrenOf(nodes: BinaryNode[], parent: string, tag: string): BinaryNode[] {
  const found = nodes.filter((node) => node.tag === parent)
  const children = found.flatMap(({ content }) => (Array.isArray(content) ? content : []))
  return children.filter((child) => child.tag === tag)
}

/** What became of a message that the API asked for: WhatsApp has it, or will not have it. */
export function readCommandStatus(
  { outcome, errorCode, errorText }: CommandReport,
  { idMessage, message }: SendCommand,
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
