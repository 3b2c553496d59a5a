import type { BinaryNode } from 'baileys'
import { child, children } from './node.ts'

/** What a client lets others see of itself: that it has read, types, is online. */
export interface Sign {
  kind: string
  to?: string
  participant?: string
  ids?: string[]
}

/** Reads such a stanza; undefined when it is none. */
export function readSign(stanza: BinaryNode): Sign | undefined {
  const { id, type = '', to, participant } = stanza.attrs
  const where = { ...(to && { to }), ...(participant && { participant }) }
  if (stanza.tag === 'presence') return { kind: type, ...where }
  if (stanza.tag === 'chatstate') {
    const state = children(stanza)[0]
    const isRecording = state?.attrs['media'] === 'audio'
    return { kind: isRecording ? 'recording' : (state?.tag ?? ''), ...where }
  }
  if (stanza.tag !== 'receipt' || type !== 'read') return undefined
  const more = children(child(stanza, 'list'), 'item').map(({ attrs }) => attrs['id']!)
  return { kind: 'read', ...where, ids: [id!, ...more] }
}
