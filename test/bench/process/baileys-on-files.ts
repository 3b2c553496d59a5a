/**
 * Baileys as its own example runs it: state in files, a plain `messages.upsert` handler, a new socket when one closes. What
 * the handler does is told by the last argument: a file's path, and each message is in that file before the handler returns,
 * which is as safe as an application can be; or a webhook's URL, and each message is posted there and its answer awaited.
 */
import '../../whatsapp/quiet.ts'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import makeWASocket, { useMultiFileAuthState, WA_CERT_DETAILS } from 'baileys'
import pino from 'pino'
import { serve } from './serve.ts'

const [url, rootKey, directory, told] = process.argv.slice(2) as [string, string, string, string]
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')
const { state, saveCreds } = await useMultiFileAuthState(join(directory, 'state'))
const isWebhook = told.startsWith('http')
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
    const ids = messages.flatMap(({ key, message }) => (message && key.id ? [key.id] : []))
    if (isWebhook) return post(ids)
    return appendFileSync(told, ids.map((id) => `${id}\n`).join(''))
  })
  socket.ev.on('connection.update', ({ qr, connection }) => {
    if (qr !== undefined) showQr(qr)
    if (connection === 'close') run()
  })
}

async function post(ids: string[]): Promise<void> {
  for (const idMessage of ids) await fetch(told, { method: 'POST', body: JSON.stringify({ idMessage }) })
}

if (!isWebhook) appendFileSync(told, '')
run()
process.on('unhandledRejection', () => {})
serve({ showQr: () => shown })
