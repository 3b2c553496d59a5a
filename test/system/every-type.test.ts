import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findContractProblems } from '../support/contract.ts'
import { linkSession } from '../support/linked-session.ts'
import { messageCases, senderFields, type MessageCase } from '../support/message-cases.ts'
import { optInCases } from '../support/opt-in-cases.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { SentMessage } from '../whatsapp/person.ts'
import type { Phone } from '../whatsapp/phone.ts'

/** Every type of message as it may come: live or as backlog, direct or in a group, from others, wrapped, from the own phone. */
const idSession = 'support'

let stage: Stage
let phone: Phone
let ana: Contact
let group: Group

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'], includeFromMe: true })
  phone = await linkSession(stage, idSession)
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana García' })
  group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
})

afterAll(async () => {
  await stage?.close()
})

interface Way {
  how: 'plain' | 'wrapped' | 'from the own phone'
  where: 'direct' | 'in a group'
}

interface Sent {
  each: MessageCase
  sent: SentMessage
  sender: Record<string, unknown>
}

const casesOf = ({ how }: Way): MessageCase[] => [
  ...messageCases,
  ...optInCases(how === 'from the own phone' ? { jid: phone.pnJid!, isFromMe: true } : { jid: ana.pnJid! }),
]

async function send(each: MessageCase, { how, where }: Way): Promise<Sent> {
  const to = where === 'direct' ? undefined : group
  if (how !== 'from the own phone') {
    const options = how === 'wrapped' ? { wrap: ['ephemeral', 'viewOnceV2'] as const } : {}
    const sent = await ana.send(to ?? phone, each.content, options as object)
    const isViewOnce = how === 'wrapped' || undefined
    return { each, sent, sender: { ...senderFields(ana, sent, to), isFromMe: undefined, isViewOnce } }
  }
  const sent = await phone.sendFromPhone(to ?? ana, each.content)
  const sender = {
    idMessage: sent.id,
    messageTimestamp: sent.timestamp,
    senderName: phone.name,
    senderNumber: to?.jid ?? ana.pnJid,
    participant: to && phone.pnJid,
    lid: to ? phone.lidJid : ana.lidJid,
    isMessageFromGroup: to !== undefined,
    isFromMe: true,
  }
  return { each, sent, sender }
}

async function expectEvent({ each, sent, sender }: Sent): Promise<void> {
  const { event, signatureProblem } = await stage.receiver.waitFor(
    (e) => e['idMessage'] === sent.id && e.messageType !== 'messageStatus',
    each.title,
  )
  const problems = findContractProblems(event, { idSession, ...sender, ...each.fields })
  expect({ signatureProblem, problems }, each.title).toEqual({ signatureProblem: undefined, problems: [] })
  if (each.file) {
    const file = await stage.api.file(event['idFile'] as string)
    expect(file.bytes.equals(each.file), each.title).toBe(true)
  }
}

const ways: Way[] = (['plain', 'wrapped', 'from the own phone'] as const).flatMap((how) =>
  (['direct', 'in a group'] as const).map((where) => ({ how, where })),
)

describe.each(ways)('$how, $where', (way) => {
  it('every type arrives live', async () => {
    for (const each of casesOf(way)) await expectEvent(await send(each, way))
  })

  it('every type arrives as backlog, in its order', async () => {
    await stage.api.post(`/v1/sessions/${idSession}/stop`)
    await waitUntil('the session is away', () => !phone.isConnected)
    const all: Sent[] = []
    for (const each of casesOf(way)) all.push(await send(each, way))
    await stage.api.post(`/v1/sessions/${idSession}/start`)
    for (const each of all) await expectEvent(each)
    const ids = all.map(({ sent }) => sent.id)
    const told = stage.receiver.events().map((event) => String(event['idMessage']))
    expect(told.filter((id) => ids.includes(id))).toEqual(ids)
  })
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
