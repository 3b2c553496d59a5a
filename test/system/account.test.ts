import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { AnyEvent } from '../support/receiver.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Phone } from '../whatsapp/phone.ts'

let stage: Stage
let phone: Phone

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  phone = stage.whatsapp.createPhone({ number: '34911000009', name: 'The Shop' })
})
afterAll(() => stage.close())

it('links a session by a code that is typed on the phone', async () => {
  await stage.api.post('/v1/sessions', { idSession: 'support', pacing: null })
  const pairingCode = await vi.waitFor(
    () =>
      stage.api.post<{ pairingCode: string; expiresAt: string }>('/v1/sessions/support/pairing-code', {
        phoneNumber: '+34 911 000 009',
      }),
    { timeout: 20_000, interval: 500 },
  )
  await phone.enterPairingCode(pairingCode.pairingCode)
  const { event } = await stage.receiver.waitFor((e) => e['action'] === 'connected', 'connected')
  expect(event['number']).toBe(phone.pnJid)
  await phone.waitUntilConnected()
})

it('creates a group, changes it, and each change is told once', async () => {
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const bob = stage.whatsapp.createContact({ number: '34600111333', name: 'Bob' })
  const groups = '/v1/sessions/support/groups'
  const created = { subject: 'Neighbours', participants: [ana.pnJid] }
  const { jid } = await stage.api.post<{ jid: string }>(groups, created)
  const path = `${groups}/${jid}`
  await stage.api.request('PATCH', path, { subject: 'Third floor' })
  await stage.api.post(`${path}/participants`, { action: 'add', participants: [bob.pnJid] })
  await stage.api.post(`${path}/participants`, { action: 'promote', participants: [ana.pnJid] })
  const people = (e: Record<string, unknown>) =>
    e.messageType === 'groupParticipantsUpdate' && e['senderNumber'] === jid
  await stage.receiver.waitFor((e) => people(e) && e['action'] === 'promote', 'the promotion')
  const changes = stage.receiver.events().filter((e) => e['senderNumber'] === jid)
  expect(changes.filter((e) => e['value'] === 'Third floor')).toHaveLength(1)
  expect(changes.filter((e) => people(e) && e['action'] === 'promote')).toHaveLength(1)
  expect(
    changes.filter((e) => people(e) && JSON.stringify(e['participants']).includes(bob.pnJid!)),
  ).toHaveLength(1)
  const read = await stage.api.get<{ subject: string; participants: unknown[] }>(path)
  expect(read).toMatchObject({ subject: 'Third floor', size: 3 })
  expect(read.participants).toContainEqual({
    jid: ana.pnJid,
    number: ana.pnJid,
    lid: ana.lidJid,
    role: 'admin',
  })
  await stage.api.delete(path)
  expect(await stage.api.request('GET', path)).toMatchObject({ status: 404, body: { code: 'groupNotFound' } })
})

it('changes the profile, blocks and unblocks', async () => {
  const bytes = Buffer.from('a small picture')
  const { idFile } = await stage.api.upload('/v1/files', bytes, 'image/jpeg')
  const profile = '/v1/sessions/support/profile'
  const changed = await stage.api.request('PUT', profile, { name: 'The New Shop', idFile })
  expect(changed).toEqual({ status: 200, body: { name: 'The New Shop', pictureUrl: phone.pictureUrl } })
  expect([phone.chosenName, phone.picture]).toEqual(['The New Shop', bytes])
  await vi.waitFor(async () =>
    expect(await stage.api.get('/v1/sessions/support')).toMatchObject({ accountName: 'The New Shop' }),
  )
  const eva = stage.whatsapp.createContact({ number: '34600111444', name: 'Eva' })
  const list = '/v1/sessions/support/blocklist'
  const blocked = await stage.api.request('PUT', `${list}/${eva.pnJid}`)
  expect(blocked.status).toBe(204)
  expect(await stage.api.get(list)).toEqual({
    blocked: [{ jid: eva.pnJid, number: eva.pnJid, lid: eva.lidJid }],
  })
  await stage.api.delete(`${list}/${eva.pnJid}`)
  expect(phone.blocked.size).toBe(0)
})

it.each([
  ['402', 'stopped', 'temporarilyBanned', /blocked this number for a while/],
  ['403', 'stopped', 'banned', /on the phone to see why and how to appeal/],
  ['405', 'stopped', 'clientOutdated', /has to be updated/],
  ['406', 'stopped', 'refused', /Start the session again later/],
  ['409', 'stopped', 'refused', /Start the session again later/],
  ['411', 'stopped', 'multiDeviceMismatch', /Update WhatsApp on the phone/],
  ['401', 'loggedOut', 'loggedOutByPhone', /scan a new QR code/],
])('says in words why WhatsApp refuses with %s', async (code, state, reason, words) => {
  await phone.waitUntilConnected()
  const before = stage.receiver.events('sessionUpdate').length
  phone.loginFailure = code
  phone.dropConnection()
  const isNew = (e: AnyEvent) => stage.receiver.events('sessionUpdate').indexOf(e) >= before
  const { event } = await stage.receiver.waitFor(
    (e) => e['action'] === state && isNew(e),
    `${state} by ${code}`,
  )
  expect(event).toMatchObject({ reason, reasonText: expect.stringMatching(words) })
  const session = await stage.api.get('/v1/sessions/support')
  expect(session).toMatchObject({ state, reason, reasonText: event['reasonText'] })
  phone.loginFailure = undefined
  if (state === 'stopped') await stage.api.post('/v1/sessions/support/start')
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
