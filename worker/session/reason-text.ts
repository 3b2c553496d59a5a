import type { SessionReason } from '../../schema/event/session.ts'

/** What a customer reads about why a session stopped, was unlinked or is connecting again: cause, then what to do. */
export const reasonTexts: Record<SessionReason, string> = {
  requested: 'It was asked for through the API or the console.',
  qrExpired:
    'Nobody scanned the QR code or typed the pairing code in time. Start the session again to get a new one.',
  loggedOutByPhone:
    'The phone removed this device from its linked devices. Start the session and scan a new QR code to link it again.',
  replaced:
    'The same link was opened somewhere else, so this one gave way. Make sure that nothing else uses it, then start the session again.',
  banned: 'WhatsApp blocked this number. Open WhatsApp on the phone to see why and how to appeal.',
  temporarilyBanned:
    'WhatsApp blocked this number for a while. Open WhatsApp on the phone to see for how long, then start the session again.',
  clientOutdated:
    'WhatsApp does not accept this version of ChatLink any more. The installation has to be updated, then start the session again.',
  multiDeviceMismatch:
    'The phone’s WhatsApp and this link do not fit together. Update WhatsApp on the phone, then link it again.',
  refused: 'WhatsApp refused the connection. Start the session again later; if it stays so, link it again.',
  connectionLost: 'The connection to WhatsApp was lost. ChatLink is connecting again by itself.',
  serverRestart: 'WhatsApp asked for a new connection. ChatLink is connecting again by itself.',
  storageRefused:
    'The Worker refused several times what this session had to store, and would go on. Nothing of it was confirmed to WhatsApp, so nothing is lost. Look into the connector’s log, then start the session again.',
  stalled:
    'Something that WhatsApp sent this session made its connector stand still, three times within an hour. Nothing of it was confirmed to WhatsApp, so nothing is lost. Have the connector’s log looked into, then start the session again.',
  serverError: 'WhatsApp’s server had an error. ChatLink is connecting again by itself.',
}
