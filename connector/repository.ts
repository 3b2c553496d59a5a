import { AsyncLocalStorage } from 'node:async_hooks'
import { cleanMessage, DEFAULT_CONNECTION_CONFIG } from './baileys.ts'
import type { BinaryNode, SignalKeyStoreWithTransaction, SocketConfig, WAMessage } from './baileys.ts'
import type { EventEntry } from '../schema/link.ts'
import { emptyPlaintext, readMessage, type Inbox, type SeenStanza } from './inbox.ts'
import { Lock } from './lock.ts'
import type { PeerMessages } from './peer-messages.ts'
import { eventType, type StoreView } from './store.ts'
import { readUndecryptable } from './unread.ts'

type MakeRepository = SocketConfig['makeSignalRepository']
type Repository = ReturnType<MakeRepository>

/** The message of a stanza; one without content when its plaintext is no message. */
function readWhatever(node: BinaryNode, plaintext: Uint8Array, me: { id: string; lid: string }) {
  try {
    return { ...readMessage(node, plaintext, me), isMalformed: false }
  } catch {
    return { ...readMessage(node, emptyPlaintext, me), isMalformed: true }
  }
}

/** Baileys' own cleaning, which stumbles over messages about no message. */
function tryToClean(message: WAMessage, me: { id: string; lid: string }): boolean {
  try {
    cleanMessage(message, me.id, me.lid)
    return true
  } catch {
    return false
  }
}

/** Runs something outside every key transaction: whatever store the caller's async context has is left behind. */
const outside = AsyncLocalStorage.snapshot() as <Result>(work: () => Result) => Result

export interface RepositoryOptions {
  inbox: Inbox
  view: StoreView
  me(): { id: string; lid: string }
  /** The event of a message, or null when there is nothing to tell. `isMalformed`: its bytes cannot be read. */
  toEvent(message: WAMessage, proof: string, isMalformed: boolean): EventEntry | null
  peers: Pick<PeerMessages, 'keep' | 'isKept'>
  /** A message that cannot be decrypted: Baileys is about to ask for it again, and to acknowledge it. */
  undecryptable(message: WAMessage): void
}

/**
 * Baileys' Signal repository, wrapped where plaintexts appear and counters move.
 *
 * Guaranteed: a decryption's ratchet step, the sender key that came with it and the message's event, or the message
 * itself when Baileys has yet to deal with it, are one atomic change, made before Baileys can write the receipt. What is encrypted moves its counter in a change of its own before
 * the bytes are handed over, not when Baileys' sending transaction ends, so a crash never uses a counter twice. Only
 * encryption for the account's own exact JID stays inside: Baileys holds that very mutex while it sends. One piece of
 * Signal work runs at a time in a session; sessions do not wait for each other. What Baileys would choke on is told and
 * reaches it as an empty message, so it is receipted like any other: its author's phone would only send the same again.
 */
export function wrapRepository(options: RepositoryOptions): MakeRepository {
  return (auth, logger, pnToLid) => {
    const inner = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, pnToLid)
    const keys = auth.keys as SignalKeyStoreWithTransaction
    const lock = new Lock()
    const distributed = new Map<string, string>()
    const methods: Partial<Repository> = {
      decryptMessage: (o) => decrypt(o.ciphertext, o.jid, () => inner.decryptMessage(o)),
      decryptGroupMessage: (o) => decrypt(o.msg, o.group, () => inner.decryptGroupMessage(o)),
      async processSenderKeyDistributionMessage(o) {
        const name = `${o.item.groupId}|${o.authorJid}`
        const bytes = Buffer.from(o.item.axolotlSenderKeyDistributionMessage ?? []).toString('base64')
        if (distributed.get(name) !== bytes) return inner.processSenderKeyDistributionMessage(o)
        distributed.delete(name)
        return undefined
      },
      encryptMessage: (o) =>
        lock.run(() =>
          o.jid === options.me().id ? inner.encryptMessage(o) : outside(() => inner.encryptMessage(o)),
        ),
      encryptGroupMessage: (o) => lock.run(() => outside(() => inner.encryptGroupMessage(o))),
      injectE2ESession: (o) =>
        lock.run(() =>
          o.jid === options.me().id ? inner.injectE2ESession(o) : outside(() => inner.injectE2ESession(o)),
        ),
    }

    async function decrypt(
      ciphertext: Uint8Array,
      transactionKey: string,
      open: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> {
      const stanza = options.inbox.stanzaOf(ciphertext)
      if (stanza === undefined) return lock.run(open)
      return decryptPart(stanza, transactionKey, open).finally(() => options.inbox.undecrypted.settle(stanza))
    }

    async function decryptPart(
      stanza: SeenStanza,
      transactionKey: string,
      open: () => Promise<Uint8Array>,
    ): Promise<Uint8Array> {
      if (options.inbox.isRedelivered(stanza) || options.peers.isKept(stanza.proof)) {
        options.inbox.markHandled(readMessage(stanza.node, emptyPlaintext, options.me()).message.key)
        return emptyPlaintext
      }
      const decrypting = lock.run(() =>
        keys.transaction(async () => {
          const plaintext = await open()
          return (await keepWith(stanza, plaintext)) ? plaintext : emptyPlaintext
        }, transactionKey),
      )
      return decrypting.catch((error: unknown) => {
        const message = readUndecryptable(stanza.node, options.me(), error)
        if (message !== undefined && !options.view.isDetached) options.undecryptable(message)
        throw error
      })
    }

    /** Keeps what a plaintext says; answers whether Baileys can read it, too. */
    async function keepWith(stanza: SeenStanza, plaintext: Uint8Array): Promise<boolean> {
      const me = options.me()
      const { message, author, isMalformed } = readWhatever(stanza.node, plaintext, me)
      const distribution = message.message?.senderKeyDistributionMessage
      if (distribution?.groupId) await takeSenderKey(author, distribution)
      const isClean = tryToClean(message, me)
      const entry = options.toEvent(message, stanza.proof, isMalformed)
      const kept = isClean ? options.peers.keep(message, stanza.proof) : undefined
      if (kept !== undefined) await keys.set(kept)
      if (entry !== null) {
        await keys.set({ [eventType]: { [String(entry.event['idEvent'])]: entry } } as never)
        if (!options.view.isDetached) options.inbox.markHandled(message.key)
      }
      return isClean && !isMalformed
    }

    async function takeSenderKey(
      authorJid: string,
      item: Parameters<Repository['processSenderKeyDistributionMessage']>[0]['item'],
    ): Promise<void> {
      try {
        await inner.processSenderKeyDistributionMessage({ authorJid, item })
        const bytes = Buffer.from(item.axolotlSenderKeyDistributionMessage ?? []).toString('base64')
        distributed.set(`${item.groupId}|${authorJid}`, bytes)
      } catch {
        // Baileys tries it once more itself, and says what is wrong.
      }
    }

    return Object.assign(Object.create(inner) as Repository, methods)
  }
}
