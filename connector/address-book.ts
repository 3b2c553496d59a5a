import type { WASocket } from './baileys.ts'
import { pairsOf, type AddressPair } from './contact-news.ts'
import type { ContactNews } from '../schema/link.ts'
import type { Log } from './log.ts'
import type { SessionStore } from './store.ts'

/** Stores the pairs of addresses that are new where Baileys keeps the others; the store tells the Session of them. */
export async function learnPairs(
  contacts: readonly ContactNews[],
  { socket, store, log }: { socket: WASocket; store: SessionStore; log: Log },
): Promise<void> {
  const pairs = pairsOf(contacts).filter(({ lid, pn }) => store.phoneOf(lid) !== pn)
  if (pairs.length === 0) return
  const { lidMapping, migrateSession } = socket.signalRepository
  try {
    await lidMapping.storeLIDPNMappings(pairs)
    for (const pair of pairs) if (hasSession(pair, store)) await migrateSession(pair.pn, pair.lid)
  } catch (error) {
    log.warn({ error: (error as Error).message }, 'addresses of people were not stored')
  }
}

/** A session under the number alone must move: from now on Baileys looks for it under the LID. */
function hasSession({ pn }: AddressPair, store: SessionStore): boolean {
  return store.get('session', `${pn.split('@')[0]}.0`) !== undefined
}
