import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { ContactNews } from '../../../schema/link.ts'
import { maxContacts } from '../../../worker/session/contacts.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

const number = '34600111222@s.whatsapp.net'
const lid = '180001112223334@lid'
const own = { number: '34911222333@s.whatsapp.net', lid: '180009998887776@lid' }
const group = { senderNumber: '120363041234567890@g.us', isMessageFromGroup: true }

async function attached() {
  const { stub } = await makeSession()
  const link = await LinkClient.attach(stub)
  await link.report({ report: 'connected', ...own })
  const contacts = async () => {
    const page = await stub.listContacts({ limit: 100 })
    return page.ok ? page.contacts : []
  }
  const identities = async () =>
    (await readEvents(stub)).filter(({ messageType }) => messageType === 'identityUpdate')
  const learn = (...news: ContactNews[]) => link.report({ report: 'contacts', contacts: news })
  return { stub, link, learn, contacts, identities }
}

describe('the contacts of a session', () => {
  it('are the people of its events, with the newest name and both addresses, and not the account itself', async () => {
    const { link, contacts } = await attached()
    await link.deliver(conversation({ senderNumber: number, senderName: 'Ana' }))
    await link.deliver(conversation({ senderNumber: number, lid, senderName: 'Ana García' }))
    await link.deliver(conversation({ ...group, participant: '34600333444@s.whatsapp.net', senderName: '' }))
    await link.deliver(conversation({ senderNumber: number, isFromMe: true, senderName: 'The Shop' }))
    await link.deliver(conversation({ ...group, participant: own.number, isFromMe: true }))
    const luis = '34600333444@s.whatsapp.net'
    expect(await contacts()).toEqual([
      { jid: number, number, lid, name: 'Ana García', savedName: null },
      { jid: luis, number: luis, lid: null, name: null, savedName: null },
    ])
  })

  it('are not the account itself although its addresses were told before the account', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.report({ report: 'contacts', contacts: [own, { number, lid }] })
    await link.report({ report: 'connected', ...own })
    const page = await stub.listContacts({ limit: 100 })
    expect(page).toMatchObject({ contacts: [{ jid: number }] })
  })

  it('are learnt from what the connector reports, and found by either address', async () => {
    const { stub, learn, contacts } = await attached()
    await learn({ number, savedName: 'Ana (shop)' }, { lid, name: 'Ana' }, { number, lid })
    const ana = { jid: number, number, lid, name: 'Ana', savedName: 'Ana (shop)' }
    expect(await contacts()).toEqual([ana])
    expect(await stub.getContact(lid)).toEqual({ ok: true, contact: ana })
    expect(await stub.getContact(number)).toEqual({ ok: true, contact: ana })
  })

  it('are not written again when nothing is new about them, also after a restart of the object', async () => {
    const { stub, link } = await attached()
    await link.deliver(conversation({ senderNumber: number, lid, senderName: 'Ana' }))
    await query(
      stub,
      `CREATE TRIGGER no_write BEFORE INSERT ON contacts BEGIN SELECT RAISE(ABORT, 'written'); END`,
    )
    await link.deliver(conversation({ senderNumber: number, lid, senderName: 'Ana' }))
    await evictDurableObject(stub)
    const again = await LinkClient.attach(stub)
    await again.deliver(conversation({ senderNumber: number, lid, senderName: 'Ana' }))
    const events = await readEvents(stub)
    expect(events.filter(({ messageType }) => messageType === 'conversation')).toHaveLength(3)
  })

  it('lose a LID that has another number now', async () => {
    const { learn, contacts } = await attached()
    const other = '34600999888@s.whatsapp.net'
    await learn({ number, lid, name: 'Ana' }, { number: other, lid })
    expect(await contacts()).toMatchObject([
      { jid: number, lid: null, name: 'Ana' },
      { jid: other, lid },
    ])
  })

  it('are forgotten with the account', async () => {
    const { link, contacts } = await attached()
    await link.deliver(conversation({ senderNumber: number }))
    await link.report({ report: 'loggedOut', reason: 'loggedOutByPhone', reasonText: 'removed' })
    expect(await contacts()).toEqual([])
  })

  it('are bounded: nobody new is kept beyond the limit', async () => {
    const { stub } = await attached()
    await query(
      stub,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxContacts})
        INSERT INTO contacts SELECT i || '@s.whatsapp.net', NULL, 'known', NULL, 0 FROM n`,
    )
    await evictDurableObject(stub)
    const link = await LinkClient.attach(stub)
    await link.deliver(conversation({ senderNumber: number }))
    await link.deliver(conversation({ senderNumber: '7@s.whatsapp.net', senderName: 'renamed' }))
    expect(await stub.getContact(number)).toMatchObject({ ok: false, code: 'contactNotFound' })
    expect(await stub.getContact('7@s.whatsapp.net')).toMatchObject({ contact: { name: 'renamed' } })
    expect(await query(stub, 'SELECT count(*) AS count FROM contacts')).toEqual([{ count: maxContacts }])
  })
})

describe('a number that becomes known', () => {
  const known = { lid, senderNumber: number }
  const told: [string, Record<string, unknown>][] = [
    ['a direct message', { senderNumber: lid }],
    ['a message in a group', { ...group, participant: lid }],
    ['a mention', { senderNumber: '34600333444@s.whatsapp.net', mentions: [lid] }],
    ['a quote', { senderNumber: '34600333444@s.whatsapp.net', quoted: { idMessage: 'A', participant: lid } }],
  ]

  it.each(told)('is announced once when %s named the LID alone', async (_name, fields) => {
    const { stub, link, learn, identities } = await attached()
    await link.deliver(conversation(fields))
    expect(await identities()).toEqual([])
    await learn({ number, lid })
    await learn({ number, lid })
    await evictDurableObject(stub)
    const again = await LinkClient.attach(stub)
    await again.deliver(conversation({ senderNumber: number, lid }))
    expect(await identities()).toMatchObject([known])
  })

  it('is announced by a message that tells both, before that message', async () => {
    const { stub, link } = await attached()
    await link.deliver(conversation({ senderNumber: lid }), conversation({ senderNumber: number, lid }))
    const types = (await readEvents(stub)).slice(-3).map(({ messageType }) => messageType)
    expect(types).toEqual(['conversation', 'identityUpdate', 'conversation'])
  })

  it('is announced also when the connector told it in the commit of the message itself', async () => {
    const { link, identities } = await attached()
    const reports = [{ report: 'contacts' as const, contacts: [{ number, lid }] }]
    await link.commit({ events: [{ event: conversation({ senderNumber: lid }) }], reports })
    expect(await identities()).toMatchObject([known])
  })

  it('is not announced when nobody was told the LID alone', async () => {
    const { link, learn, contacts, identities } = await attached()
    await learn({ lid, name: 'Ana' })
    await link.deliver(conversation({ senderNumber: number, lid }))
    expect(await contacts()).toHaveLength(1)
    expect(await identities()).toEqual([])
  })
})
