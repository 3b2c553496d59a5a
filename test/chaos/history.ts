import type { proto } from 'baileys'
import type { Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import { pastChat } from '../whatsapp/history.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'
import type { Actor } from './actors.ts'
import type { Ledger } from './ledger.ts'

const messagesEach = 60

interface Piece {
  chunk: proto.IHistorySync
  ids: string[]
  /** Somebody who hides their number; the history tells it. */
  stranger: Contact
}

/** Pieces of history that phones share, each a chat with somebody unknown, and what must be known of them afterwards. */
export class Histories {
  readonly #stage: Stage
  readonly #ledger: Ledger
  readonly #shared: { idSession: string; phone: Phone; piece: Piece }[] = []
  #pieces = 0

  constructor(stage: Stage, ledger: Ledger) {
    this.#stage = stage
    this.#ledger = ledger
  }

  get count(): number {
    return this.#shared.length
  }

  make(): Piece {
    const order = ++this.#pieces
    const stranger = this.#stage.whatsapp.createContact({
      number: `3470${String(order).padStart(7, '0')}`,
      name: `Stranger ${order}`,
      hidesNumber: true,
    })
    const messages = Array.from({ length: messagesEach }, (_, index) => ({
      id: `PAST${order}.${index}`,
      timestamp: 1_700_000_000 + index,
      message: { conversation: `Long ago ${index}` },
    }))
    const chunk = {
      conversations: [pastChat(stranger.lidJid, messages)],
      phoneNumberToLidMappings: [{ lidJid: stranger.lidJid, pnJid: stranger.pnJid! }],
    }
    return { chunk, ids: messages.map(({ id }) => id), stranger }
  }

  /** This session is to know this piece. */
  expect(idSession: string, phone: Phone, piece: Piece): void {
    this.#shared.push({ idSession, phone, piece })
    for (const id of piece.ids)
      this.#ledger.send({ id, idSession, chat: `history of ${piece.stranger.name}` })
  }

  /** The phone of a linked session shares one more piece. */
  async share({ idSession, phone }: Actor): Promise<void> {
    const { companion } = phone
    if (!companion) return
    const piece = this.make()
    this.expect(idSession, phone, piece)
    await phone.shareHistory(companion, piece.chunk, { chunkOrder: this.#pieces + 1 })
  }

  /** Pieces of which nothing is known afterwards; those whose messages are missing are among the lost. */
  async judge(): Promise<string[]> {
    const lost: string[] = []
    for (const { idSession, phone, piece } of this.#shared) {
      const { stranger } = piece
      const { id } = await stranger.send(phone, { text: 'Do you know my number?' })
      const told = () => this.#ledger.find(idSession, id)
      await waitUntil(stranger.name, () => told() !== undefined, 20_000).catch(() => undefined)
      const senderNumber = told()?.['senderNumber']
      if (senderNumber !== stranger.pnJid)
        lost.push(`${idSession}: ${stranger.name} is told as ${String(senderNumber)}`)
    }
    return lost
  }
}
