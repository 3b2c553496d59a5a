import type { ForwardedMessage } from '../../schema/outgoing.ts'
import { SendableMessage } from '../../schema/outgoing.ts'
import { ApiError } from '../api-error.ts'

type Fields = Record<string, unknown>

/** What is taken over from an event of each type that can be forwarded. */
const contents: Readonly<Record<string, (event: Fields) => Fields>> = {
  conversation: (event) => pick(event, ['value']),
  imageMessage: (event) => pick(event, [...file, 'width', 'height']),
  videoMessage: (event) => pick(event, [...file, 'seconds', 'width', 'height', 'isAnimated', 'isVideoNote']),
  audioMessage: (event) => pick(event, ['idFile', 'mimetype', 'seconds', 'isVoiceNote']),
  stickerMessage: (event) => pick(event, ['idFile', 'mimetype', 'width', 'height', 'isAnimated']),
  documentMessage: (event) => pick(event, [...file, 'fileName']),
  contactMessage: ({ contacts }) => ({ contacts: (contacts as Fields[]).map(readCard) }),
  locationMessage: (event) => pick(event, ['latitude', 'longitude', 'name', 'address', 'url']),
}
const file = ['idFile', 'mimetype', 'caption'] as const

/**
 * The message that forwards what an event tells of: the same content, the stored file, marked as forwarded.
 * @throws ApiError `notForwardable`, which says why.
 */
export function forwardOf(event: Fields, { to, expiresAfterSeconds }: ForwardedMessage): SendableMessage {
  const { messageType, isViewOnce, fileStatus } = event
  const content = contents[messageType as string]
  if (!content) throw refuse(`a ${String(messageType)} cannot be forwarded`)
  if (isViewOnce === true) throw refuse('what may be viewed once cannot be forwarded')
  if (fileStatus === 'unavailable') throw refuse('its file was never stored')
  const parsed = SendableMessage.safeParse({
    messageType,
    to,
    ...content(event),
    isForwarded: true,
    ...(expiresAfterSeconds !== undefined && { expiresAfterSeconds }),
  })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refuse(`its ${issue?.path.map(String).join('.')} cannot be sent: ${issue?.message}`)
}

function readCard({ displayName, vcard }: Fields): Fields {
  return { displayName: displayName || 'Contact', vcard }
}

/** These of an event's fields, as far as they say something. */
function pick(event: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = event[name]
      return value === undefined || value === '' ? [] : [[name, value]]
    }),
  )
}

function refuse(message: string): ApiError {
  return new ApiError('notForwardable', `idEvent: ${message}.`, { errors: [{ path: 'idEvent', message }] })
}
