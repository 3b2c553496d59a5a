import { beforeEach, describe, expect, it } from 'vitest'
import { readContacts, readNotice } from '../../connector/contact-news.ts'
import type { ContactNews } from '../../schema/link.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { useStage } from './harness.ts'

const stage = useStage()

beforeEach(() => {
  stage.startConnector()
})

const news = (session: FakeSession): ContactNews[] =>
  session.reportsOf('contacts').flatMap(({ contacts }) => contacts)

it('tells the number of a LID once, in the commit that stores it, whatever tells it', async () => {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  for (const text of ['one', 'two']) await ana.send(phone, { text })
  await session.wait(({ events }) => events.filter((event) => event['value']).length === 2)
  expect(news(session).filter(({ lid }) => lid === ana.lidJid)).toEqual([
    { lid: ana.lidJid, number: ana.pnJid },
  ])
})

it('learns from a group who is behind a LID, and says so of messages that come after a restart', async () => {
  const { session, phone } = await stage.linkSession()
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva', hidesNumber: true })
  await eva.send(phone, { text: 'before' })
  await session.wait(({ events }) => events.find((event) => event['value'] === 'before'))
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone] })
  eva.hidesNumber = false
  group.change(phone, { add: [eva] })
  await session.wait((seen) => news(seen).find(({ lid }) => lid === eva.lidJid))
  eva.hidesNumber = true
  stage.startConnector()
  await session.wait((seen) => seen.reportsOf('connected').length > 1)
  await eva.send(phone, { text: 'after' })
  const after = await session.wait(({ events }) => events.find((event) => event['value'] === 'after'))
  const senders = session.events.flatMap((event) =>
    event.messageType === 'conversation' ? event.senderNumber : [],
  )
  expect(senders).toEqual([eva.lidJid, eva.pnJid])
  expect(after).toMatchObject({ lid: eva.lidJid })
})

it('learns the members of a group that is written to', async () => {
  const { session, phone } = await stage.linkSession()
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, eva] })
  const message = { to: group.jid, messageType: 'conversation' as const, value: 'hello' }
  session.command('c1', { kind: 'sendMessage', idMessage: '3EB0AAAA', message })
  await session.wait((seen) =>
    news(seen).some(({ lid, number }) => lid === eva.lidJid && number === eva.pnJid),
  )
})

it('finds a picture, and that there is none', async () => {
  const { session } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const luis = stage.whatsapp.createContact({ number: '34600333444', name: 'Luis' })
  ana.pictureUrl = 'https://pps.whatsapp.net/ana.jpg'
  session.command('a', { kind: 'profilePicture', jid: ana.pnJid! })
  session.command('b', { kind: 'profilePicture', jid: luis.pnJid! })
  const reports = await session.wait((seen) => {
    const found = seen.reportsOf('command')
    return found.length === 2 && found
  })
  expect(Object.fromEntries(reports.map(({ idCommand, result }) => [idCommand, result]))).toEqual({
    a: { pictureUrl: ana.pictureUrl },
    b: { pictureUrl: null },
  })
})

describe('what Baileys tells of people', () => {
  const lid = '180001112223334@lid'
  const number = '34600111222@s.whatsapp.net'
  const cases: [string, unknown, ContactNews[]][] = [
    [
      'contacts.upsert',
      [{ id: number, lid, name: 'Ana (shop)' }],
      [{ number, lid, savedName: 'Ana (shop)' }],
    ],
    ['contacts.upsert', [{ id: lid, phoneNumber: number }], [{ number, lid }]],
    ['messaging-history.set', { contacts: [{ id: number, notify: 'Ana' }] }, [{ number, name: 'Ana' }]],
    ['messaging-history.set', { contacts: [{ id: '1203630@g.us', name: 'Friends' }] }, []],
    ['groups.upsert', [{ participants: [{ id: lid, phoneNumber: number, name: 'x' }] }], [{ number, lid }]],
    ['groups.update', [{ id: '1203630@g.us', subject: 'Friends' }], []],
    ['group-participants.update', { participants: [{ id: number, lid }] }, [{ number, lid }]],
    ['contacts.upsert', [{}, { id: 'nobody' }, { id: 7 }], []],
  ]

  it.each(cases)('is read from %s %j', (name, data, expected) => {
    expect(readContacts(name, data)).toEqual(expected)
  })
})

it('reads who changes a group by both addresses, whichever comes first', () => {
  const lid = '100000000000007@lid'
  const number = '34600111222@s.whatsapp.net'
  const notice = (attrs: Record<string, string>) =>
    readNotice({ tag: 'notification', attrs: { type: 'w:gp2', ...attrs } })
  expect(notice({ participant: lid, participant_pn: number })).toEqual([{ number, lid }])
  expect(notice({ participant: number, participant_lid: lid })).toEqual([{ number, lid }])
  expect(notice({ participant: lid, type: 'picture' })).toEqual([])
})
