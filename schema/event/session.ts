import { z } from 'zod'
import { Jid } from '../id.ts'
import { defineEvent } from './define.ts'
import { described } from './field.ts'

export const SessionAction = z.enum(['connected', 'loggedOut', 'newQR', 'started', 'stopped', 'destroyed'])
export type SessionAction = z.infer<typeof SessionAction>

/** Why a session stopped, was logged out or is reconnecting; each has a text in `reasonText`. */
export const SessionReason = z.enum([
  'requested',
  'qrExpired',
  'loggedOutByPhone',
  'replaced',
  'banned',
  'temporarilyBanned',
  'clientOutdated',
  'multiDeviceMismatch',
  'refused',
  'connectionLost',
  'serverRestart',
  'serverError',
  'storageRefused',
  'stalled',
])
export type SessionReason = z.infer<typeof SessionReason>

export const SessionState = z.enum(['starting', 'qr', 'connected', 'reconnecting', 'stopped', 'loggedOut'])
export type SessionState = z.infer<typeof SessionState>

const reason = described(SessionReason.optional(), 'Why, as a code.', 'Por qué, como código.')
const reasonText = described(
  z.string().optional(),
  'Why, in words for people.',
  'Por qué, en palabras para personas.',
)

export const SessionUpdateEvent = defineEvent(
  'sessionUpdate',
  {
    id: 'SessionUpdateEvent',
    en: 'Something happened to the WhatsApp session itself; `action` says what.',
    es: 'Información relevante a la sesión de WhatsApp; `action` dice qué sucedió.',
  },
  {
    action: described(
      SessionAction,
      '`connected`: connected to WhatsApp’s servers. `loggedOut`: unlinked, a new QR is needed. `newQR`: a new QR for the session. `started`, `stopped`: the session was started or stopped. `destroyed`: it was deleted.',
      '`connected`: sesión conectada a los servidores de WhatsApp. `loggedOut`: sesión terminada. `newQR`: nuevo QR para la sesión. `started`: sesión iniciada. `stopped`: sesión parada. `destroyed`: sesión destruida o eliminada.',
    ),
    qr: described(
      z.string().optional(),
      'On `newQR`: the text to draw as a QR code.',
      'En `newQR`: el texto que se dibuja como código QR.',
    ),
    qrExpiresAt: described(
      z.int().positive().optional(),
      'On `newQR`: until when it can be scanned, in Unix seconds.',
      'En `newQR`: hasta cuándo puede escanearse, en segundos Unix.',
    ),
    number: described(
      Jid.optional(),
      'On `connected`: JID of the account.',
      'En `connected`: JID de la cuenta.',
    ),
    reason,
    reasonText,
  },
  { action: 'connected', number: '34911222333@s.whatsapp.net' },
)

export const ConnectionUpdateEvent = defineEvent(
  'connectionUpdate',
  {
    id: 'ConnectionUpdateEvent',
    en: 'The connection of a session to WhatsApp changed its state.',
    es: 'La conexión de una sesión con WhatsApp cambió de estado.',
  },
  {
    state: described(SessionState, 'The new state.', 'El nuevo estado.'),
    reason,
    reasonText,
  },
  {
    state: 'reconnecting',
    reason: 'connectionLost',
    reasonText: 'The connection to WhatsApp was lost. ChatLink is connecting again by itself.',
  },
)
