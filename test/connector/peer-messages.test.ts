import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { proto } from 'baileys'
import { expect, it } from 'vitest'
import { useStage } from './harness.ts'
import type { FakeSession } from '../support/fake-session.ts'
import type { Phone } from '../whatsapp/phone.ts'

const stage = useStage()
const { HistorySyncType } = proto.HistorySync
const { Type } = proto.Message.ProtocolMessage

/** A piece of history that tells the phone number of a LID. */
function historyOf(lid: string, chunkOrder: number): proto.Message.IProtocolMessage {
  const chunk = {
    syncType: HistorySyncType.RECENT,
    chunkOrder,
    progress: 50,
    phoneNumberToLidMappings: [{ lidJid: `${lid}@lid`, pnJid: '34600111222@s.whatsapp.net' }],
  }
  return {
    type: Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: HistorySyncType.RECENT as number,
      chunkOrder,
      progress: 50,
      initialHistBootstrapInlinePayload: deflateSync(proto.HistorySync.encode(chunk).finish()),
    },
  }
}

const keptOf = (session: FakeSession) => [...session.keys.keys()].filter((name) => name.startsWith('peer-'))
const knowsPhoneOf = (session: FakeSession, lid: string) => session.keys.has(`lid-mapping\0${lid}_reverse`)

/** Linked, and at rest: everything that the phone shares at the beginning has been dealt with. */
async function linkAtRest(): Promise<{ session: FakeSession; phone: Phone }> {
  const { session, phone } = await stage.linkSession()
  await phone.waitUntilConnected()
  await session.wait(({ keys }) => [...keys.keys()].some((name) => name.startsWith('app-state-sync-key')))
  await expect.poll(() => phone.pending).toEqual([])
  let before = -1
  await expect.poll(() => before === (before = session.commits), { interval: 200 }).toBe(true)
  return { session, phone }
}

it('deals with history that a connector receipted and did not live to deal with', async () => {
  const first = stage.startConnector()
  const { session, phone } = await linkAtRest()
  session.faults.commitsLeft = 1
  await phone.tellClient(phone.companion!, historyOf('900900900', 1))
  await expect.poll(() => phone.pending).toEqual([])
  expect(knowsPhoneOf(session, '900900900')).toBe(false)

  session.faults.isFrozen = false
  session.supersede()
  await expect.poll(() => first.fleet.running).toEqual([])
  stage.startConnector()
  await session.wait(() => knowsPhoneOf(session, '900900900'))
  await session.wait(() => keptOf(session).length === 0)
})

it('keeps nothing of what the phone shares once it is dealt with', async () => {
  stage.startConnector()
  const { session, phone } = await linkAtRest()
  await phone.tellClient(phone.companion!, historyOf('900900900', 1))
  const keyId = { keyId: randomBytes(6) }
  const keyData = { keyData: randomBytes(32), fingerprint: { rawId: 1, currentIndex: 0 }, timestamp: 1 }
  await phone.tellClient(phone.companion!, {
    type: Type.APP_STATE_SYNC_KEY_SHARE,
    appStateSyncKeyShare: { keys: [{ keyId, keyData }] },
  })
  const name = `app-state-sync-key\0${keyId.keyId.toString('base64')}`
  await session.wait(({ keys }) => keys.has(name) && knowsPhoneOf(session, '900900900'))
  await session.wait(() => keptOf(session).length === 0)
})

it('gives up at the tenth login what nobody can read, and goes on meanwhile', async () => {
  let connector = stage.startConnector()
  const { session, phone } = await linkAtRest()
  await phone.shareHistory(phone.companion!, randomBytes(100), { chunkOrder: 2 })
  await session.wait(() => keptOf(session).length === 1)
  await expect.poll(() => phone.pending).toEqual([])
  const before = phone.companion!.loginCount
  while (keptOf(session).length > 0) {
    const logins = phone.companion!.loginCount
    // Another connector each time: one alone tries less and less often when its connection never lasts.
    await connector.stop()
    connector = stage.startConnector()
    await expect.poll(() => phone.companion!.loginCount, { timeout: 10_000 }).toBeGreaterThan(logins)
    let commits = -1
    await expect.poll(() => commits === (commits = session.commits), { interval: 100 }).toBe(true)
  }
  expect(phone.companion!.loginCount - before).toBe(10)
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'still there?' })
  await session.wait(({ events }) => events.some((event) => event['value'] === 'still there?'))
}, 60_000)

it('does not keep what would not fit into a key, and goes on', async () => {
  stage.startConnector()
  const { session, phone } = await linkAtRest()
  await phone.shareHistory(phone.companion!, randomBytes(801_000), { chunkOrder: 2 })
  await expect.poll(() => phone.pending).toEqual([])
  expect(keptOf(session)).toEqual([])
  expect(session.reportsOf('stopped')).toEqual([])
})
