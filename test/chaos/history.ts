import { deflateSync } from 'node:zlib'
import { proto } from 'baileys'
import type { Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Actor } from './actors.ts'
import type { Ledger } from './ledger.ts'

const { HistorySyncType } = proto.HistorySync
const { Type } = proto.Message.ProtocolMessage

/** Phones that share pieces of history, each of which tells the number of somebody who hides it. */
export class Histories {
  readonly #stage: Stage
  readonly #shared: { actor: Actor; stranger: Contact }[] = []

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get count(): number {
    return this.#shared.length
  }

  async share(actor: Actor): Promise<void> {
    const { companion } = actor.phone
    if (!companion) return
    const order = this.#shared.length + 1
    const stranger = this.#stage.whatsapp.createContact({
      number: `3470${String(order).padStart(7, '0')}`,
      name: `Stranger ${order}`,
      hidesNumber: true,
    })
    this.#shared.push({ actor, stranger })
    const piece = { syncType: HistorySyncType.RECENT, chunkOrder: order, progress: 50 }
    const mapping = { lidJid: stranger.lidJid, pnJid: stranger.pnJid! }
    const payload = proto.HistorySync.encode({ ...piece, phoneNumberToLidMappings: [mapping] }).finish()
    await actor.phone.tellClient(companion, {
      type: Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        ...piece,
        syncType: HistorySyncType.RECENT as number,
        initialHistBootstrapInlinePayload: deflateSync(payload),
      },
    })
  }

  /** Pieces of which nothing is known afterwards. */
  async judge(ledger: Ledger): Promise<string[]> {
    const lost: string[] = []
    for (const { actor, stranger } of this.#shared) {
      const { id } = await stranger.send(actor.phone, { text: 'Do you know my number?' })
      const told = () => ledger.find(actor.idSession, id)
      await waitUntil(stranger.name, () => told() !== undefined, 20_000).catch(() => undefined)
      const senderNumber = told()?.['senderNumber']
      if (senderNumber !== stranger.pnJid)
        lost.push(`${actor.idSession}: ${stranger.name} is told as ${String(senderNumber)}`)
    }
    return lost
  }
}
