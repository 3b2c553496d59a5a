/**
 * Baileys as its own example runs it: state in files, a plain `messages.upsert` handler, a new socket when one closes. The
 * application's own part is as safe as it can be: each message is in a file before the handler returns.
 */
import '../../whatsapp/quiet.ts'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import makeWASocket, { useMultiFileAuthState, WA_CERT_DETAILS } from 'baileys'
import pino from 'pino'
import { serve } from './serve.ts'

const [url, rootKey, directory, toldFile] = process.argv.slice(2) as [string, string, string, string]
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')
const { state, saveCreds } = await useMultiFileAuthState(join(directory, 'state'))
let showQr: (qr: string) => void = () => {}
const shown = new Promise<string>((resolve) => (showQr = resolve))

function run(): void {
  const socket = makeWASocket({
    auth: state,
    waWebSocketUrl: url,
    logger: pino({ level: 'silent' }),
    markOnlineOnConnect: false,
    getMessage: async () => undefined,
  })
  socket.ev.on('creds.update', saveCreds)
  socket.ev.on('messages.upsert', ({ messages }) => {
    const ids = messages.flatMap(({ key, message }) => (message && key.id ? [`${key.id}\n`] : []))
    appendFileSync(toldFile, ids.join(''))
  })
  socket.ev.on('connection.update', ({ qr, connection }) => {
    if (qr !== undefined) showQr(qr)
    if (connection === 'close') run()
  })
}

appendFileSync(toldFile, '')
run()
process.on('unhandledRejection', () => {})
serve({ showQr: () => shown })
