/**
 * Baileys alone, unmodified: keys in a map, a plain `messages.upsert` handler that counts, a new socket when one closes.
 * Nothing of ChatLink is loaded, so libsignal is as it comes.
 */
import { readFileSync } from 'node:fs'
import '../../whatsapp/quiet.ts'
import { BaileysClient, newClientState, type ClientState } from '../../whatsapp/baileys-client.ts'
import type { WhatsApp } from '../../whatsapp/whatsapp.ts'
import { nowMicroseconds } from '../event.ts'
import { serve } from './serve.ts'

let server: WhatsApp
let count = 0
let target = Infinity
let reach: (at: number) => void = () => {}

function take(): void {
  count += 1
  if (count >= target) reach(nowMicroseconds())
}

function run(state: ClientState): BaileysClient {
  const client = new BaileysClient(server, state, { defaultQueryTimeoutMs: 60_000 })
  client.socket.ev.on('messages.upsert', ({ messages }) => {
    client.messages.length = 0
    for (const { message } of messages) if (message?.conversation ?? message?.extendedTextMessage) take()
  })
  void client.closed.then(() => run(state))
  return client
}

serve({
  start(url: string, rootKey: string, caFile: string) {
    server = { url, rootKey, caCertificate: readFileSync(caFile, 'utf8') } as WhatsApp
  },
  async showQr() {
    const client = run(newClientState())
    await client.until(() => client.qrs.length > 0)
    return client.qrs[0]!
  },
  /** Resolves with the moment at which so many more messages had come, in microseconds. */
  expectMessages(more: number) {
    target = more
    count = 0
    return new Promise((resolve) => {
      reach = resolve
    })
  },
})
