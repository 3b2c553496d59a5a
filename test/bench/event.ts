import { randomBytes } from 'node:crypto'
import type { KeyChange } from '../../schema/link.ts'

const text = 'The quick brown fox jumps over the lazy dog, then writes home about it.'
let count = 0

/** A text as a connector would commit it; `idMessage` carries the moment in microseconds, so the sink can tell its age. */
export function makeEvent(idSession: string, chats = 50): Record<string, unknown> {
  count++
  return {
    idSession,
    messageType: 'conversation',
    idEvent: `evt_${randomBytes(12).toString('hex')}`,
    senderNumber: `3460000${String(count % chats).padStart(4, '0')}@s.whatsapp.net`,
    senderName: 'Ana',
    messageTimestamp: Math.floor(Date.now() / 1000),
    isMessageFromGroup: false,
    idMessage: `T${nowMicroseconds()}`,
    value: text,
  }
}

/** What a connector's seal makes of a Signal session with somebody. */
const sealedSessions = Array.from({ length: 16 }, () => randomBytes(972).toString('base64'))

/** The keys that change with these events: of each sender the session, once a commit. */
export function keysOf(events: Record<string, unknown>[]): KeyChange[] {
  const senders = new Set(events.map(({ senderNumber }) => String(senderNumber).split('@')[0]))
  return Array.from(senders, (sender) => {
    const value = sealedSessions[count++ % sealedSessions.length]!
    return { type: 'session', id: `${sender}.0`, value }
  })
}

export function nowMicroseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000)
}

/** Milliseconds since the event of this body was made. */
export function ageOf(body: Buffer): number {
  const at = body.indexOf('"idMessage":"T') + 14
  return (nowMicroseconds() - Number(body.toString('latin1', at, at + 16))) / 1000
}
