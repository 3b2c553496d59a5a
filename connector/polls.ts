import { createHash } from 'node:crypto'
import { decryptPollVote } from './baileys.ts'
import type { proto } from './baileys.ts'
import type { Jid } from '../schema/id.ts'
import { unwrap } from './normalize/unwrap.ts'
import { toBytes } from './normalize/value.ts'
import { RecentEntries } from './recent-entries.ts'
import type { SessionStore } from './store.ts'

interface KnownPoll {
  /** 32 bytes, base64. */
  secret: string
  options: string[]
  creators: Jid[]
}

/** Polls of a session whose votes can be read; beyond, the oldest is forgotten. */
export const maxPolls = 500

/**
 * The secrets of the newest polls, kept with the account's keys: with them the votes are read, by whatever connector.
 *
 * A vote's key is derived from the addresses of the poll's author and of the voter as the voter's phone wrote them, by
 * number or by LID. Both are tried; the cipher tells which is right.
 */
export class Polls {
  #store: SessionStore
  #entries: RecentEntries<KnownPoll>

  constructor(store: SessionStore) {
    this.#store = store
    this.#entries = new RecentEntries(store, 'poll', maxPolls)
  }

  /** Remembers a poll; a message without a secret has votes that nobody can read. */
  keep(id: string, message: proto.IMessage, options: string[], creators: Jid[]): void {
    const info = message.messageContextInfo ?? unwrap(message).content.messageContextInfo
    const secret = toBytes(info?.messageSecret, 32)
    if (secret === undefined) return
    this.#entries.add(id, { secret: secret.toString('base64'), options, creators })
  }

  /** The answers that a vote chooses; undefined when the poll is unknown or the vote cannot be read. */
  open(id: string, vote: proto.Message.IPollEncValue, voters: Jid[]): string[] | undefined {
    const poll = this.#entries.get(id)
    const { encPayload, encIv } = vote
    if (poll === undefined || !encPayload || !encIv) return undefined
    for (const pollCreatorJid of this.#addressesOf(poll.creators)) {
      for (const voterJid of this.#addressesOf(voters)) {
        const addresses = { pollCreatorJid, voterJid, pollMsgId: id }
        const chosen = tryDecrypt({ encPayload, encIv }, { ...addresses, pollEncKey: bytesOf(poll.secret) })
        if (chosen !== undefined) return nameOptions(chosen, poll.options)
      }
    }
    return undefined
  }

  #addressesOf(people: Jid[]): Set<Jid> {
    const known = people.flatMap((jid) => [jid, this.#store.phoneOf(jid), this.#store.lidOf(jid)])
    return new Set(known.filter((jid) => jid !== undefined))
  }
}

const bytesOf = (base64: string) => Buffer.from(base64, 'base64')

function tryDecrypt(...given: Parameters<typeof decryptPollVote>): Uint8Array[] | undefined {
  try {
    return decryptPollVote(...given).selectedOptions ?? []
  } catch {
    return undefined
  }
}

/** A vote names its answers by their hashes. */
function nameOptions(chosen: Uint8Array[], options: string[]): string[] | undefined {
  const names = new Map(options.map((name) => [createHash('sha256').update(name).digest('hex'), name]))
  const found = chosen.map((hash) => names.get(Buffer.from(hash).toString('hex')))
  return found.every((name) => name !== undefined) ? found : undefined
}
