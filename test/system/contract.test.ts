import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contact } from '../whatsapp/contact.ts'
import type { Wrapper } from '../whatsapp/content.ts'
import type { Group } from '../whatsapp/group.ts'
import type { SendOptions } from '../whatsapp/person.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { samples } from '../whatsapp/samples.ts'
import { pullEvents } from '../support/api.ts'
import { findContractProblems } from '../support/contract.ts'
import { linkSession } from '../support/linked-session.ts'
import { messageCases, senderFields, type MessageCase } from '../support/message-cases.ts'
import { startStage, type Stage } from '../support/stage.ts'

let stage: Stage
let phone: Phone
let ana: Contact
let hidden: Contact
let groups: Record<'lid' | 'pn', Group>

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe()
  phone = await linkSession(stage, 'support')
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana García' })
  hidden = stage.whatsapp.createContact({ number: '34600999888', name: 'Somebody', hidesNumber: true })
  const members = [ana, phone, hidden]
  groups = {
    lid: stage.whatsapp.createGroup({ subject: 'By LID', members }),
    pn: stage.whatsapp.createGroup({ subject: 'By number', members, addressing: 'pn' }),
  }
})

afterAll(async () => {
  await stage?.close()
})

interface Sending {
  from: Contact
  group?: Group
  options?: SendOptions
  fields?: Record<string, unknown>
}

async function expectContract(each: MessageCase, { from, group, options = {}, fields = {} }: Sending) {
  const sent = await from.send(group ?? phone, each.content, options)
  const { event, signatureProblem } = await stage.receiver.waitFor(
    (e) => e['idMessage'] === sent.id,
    each.title,
  )
  const expected = { idSession: 'support', ...senderFields(from, sent, group), ...each.fields, ...fields }
  expect({ signatureProblem, problems: findContractProblems(event, expected) }).toEqual({
    signatureProblem: undefined,
    problems: [],
  })
  if (each.file) {
    const file = await stage.api.file(event['idFile'] as string)
    expect(file.status).toBe(200)
    expect(file.mimetype).toBe(each.fields['mimetype'])
    expect(file.bytes.equals(each.file)).toBe(true)
  }
  return event
}

describe.each(messageCases)('$title', (each) => {
  it('arrives from a LID whose number is known', async () => {
    await expectContract(each, { from: ana })
  })

  it('arrives from a LID whose number nobody knows', async () => {
    await expectContract(each, { from: hidden })
  })

  it('arrives from a sender addressed by number', async () => {
    await expectContract(each, { from: ana, options: { addressing: 'pn' } })
  })

  it.each(['lid', 'pn'] as const)('arrives from a group addressed by %s', async (addressing) => {
    await expectContract(each, { from: ana, group: groups[addressing] })
  })

  it('arrives from somebody without a number in a group', async () => {
    await expectContract(each, { from: hidden, group: groups.lid })
  })

  const viewOnce = { isViewOnce: true }
  const wrappings: [Wrapper[], Record<string, unknown>][] = [
    [['ephemeral'], {}],
    [['viewOnce'], viewOnce],
    [['viewOnceV2'], viewOnce],
    [['viewOnceV2Extension'], viewOnce],
    [['documentWithCaption'], {}],
    [['ephemeral', 'viewOnceV2'], viewOnce],
  ]
  it.each(wrappings)('arrives wrapped in %j, direct and in a group', async (wrap, fields) => {
    await expectContract(each, { from: ana, options: { wrap }, fields })
    await expectContract(each, { from: ana, group: groups.lid, options: { wrap }, fields })
  })
})

it('tells what a text quotes and whom it mentions', async () => {
  const first = await ana.send(phone, { text: 'We open at nine.' })
  const quoted = { id: first.id, text: 'We open at nine.', participant: ana.lidJid }
  const event = await expectContract(
    {
      title: 'a quoting text',
      content: { text: 'Really?', quoted, mentions: [ana.lidJid] },
      fields: { messageType: 'conversation', value: 'Really?', mentions: [ana.pnJid] },
    },
    { from: ana },
  )
  expect(event['quoted']).toEqual({ idMessage: first.id, participant: ana.pnJid, value: 'We open at nine.' })
})

it('makes several contacts one contactMessage', async () => {
  const contacts = [
    { name: 'Luis', number: '34600333444' },
    { name: 'Eva', number: '34600555666' },
  ]
  const event = await expectContract(
    { title: 'two contacts', content: { contacts }, fields: { messageType: 'contactMessage' } },
    { from: ana },
  )
  expect(event['contacts']).toEqual([
    { displayName: 'Luis', vcard: expect.stringContaining('BEGIN:VCARD'), numbers: ['34600333444'] },
    { displayName: 'Eva', vcard: expect.stringContaining('BEGIN:VCARD'), numbers: ['34600555666'] },
  ])
})

it('delivers a message whose file cannot be had, saying so', async () => {
  const { mediaHost } = stage.whatsapp
  const media = await mediaHost.store(samples.jpeg, 'image')
  mediaHost.failures.set(new URL(media.url).pathname, 404)
  const caption = 'Too late'
  const sent = await ana.send(phone, { raw: { imageMessage: { ...media, mimetype: 'image/jpeg', caption } } })
  const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === sent.id, 'the image', 60_000)
  const fields = {
    messageType: 'imageMessage',
    caption,
    fileStatus: 'unavailable',
    fileError: event['fileError'],
  }
  expect(findContractProblems(event, { ...senderFields(ana, sent), ...fields })).toEqual([])
  expect(event['fileError']).toEqual(expect.any(String))
})

it('keeps what is not in the customer’s document from a subscription without events', async () => {
  const place = { location: { latitude: 40.4, longitude: -3.7, name: 'Sol' } }
  const sent = await ana.send(phone, place)
  const after = await ana.send(phone, { text: 'after the place' })
  await stage.receiver.waitFor((e) => e['idMessage'] === after.id, 'the text after it')
  expect(stage.receiver.events().filter((e) => e['idMessage'] === sent.id)).toEqual([])
  const pulled = await pullEvents(stage.api, 'support')
  expect(pulled.find((e) => e['idMessage'] === sent.id)?.messageType).toBe('locationMessage')
})

it('has a log without holes', async () => {
  const pulled = await pullEvents(stage.api, 'support')
  expect(pulled.map(({ sequence }) => sequence)).toEqual(pulled.map((_, index) => index + 1))
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
