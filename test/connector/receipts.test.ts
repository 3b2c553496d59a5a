import { randomBytes } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'
import { Link } from '../../connector/link.ts'
import type { FakeSession } from '../support/fake-session.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import { bytesOf, children } from '../whatsapp/node.ts'
import type { SentMessage } from '../whatsapp/person.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { postStatus } from '../whatsapp/status.ts'

const stage = useStage()

afterEach(() => void vi.restoreAllMocks())

interface Scene {
  session: FakeSession
  phone: Phone
  ana: Contact
  group: Group
}

/** Spoils the ciphertext of what is sent: it cannot be read, and its sender is asked for it again. */
async function garbled({ companion }: Phone, send: () => Promise<SentMessage>): Promise<SentMessage> {
  const deliver = companion!.deliver.bind(companion)
  companion!.deliver = (stanza, ...rest) => {
    companion!.deliver = deliver
    const parts = children(stanza)
    const bytes = Buffer.from(bytesOf(parts.at(-1)))
    bytes[bytes.length - 9]! ^= 1
    const content = [...parts.slice(0, -1), { ...parts.at(-1)!, content: bytes }]
    deliver({ ...stanza, content }, ...rest)
  }
  const sent = await send()
  await expect.poll(() => companion!.askedAgain.has(sent.id)).toBe(true)
  return sent
}

const image = randomBytes(2000)

const kinds: Record<string, (scene: Scene) => Promise<SentMessage>> = {
  'a text': ({ ana, phone }) => ana.send(phone, { text: 'hello' }),
  'a text in a group': ({ ana, group }) => ana.send(group, { text: 'hello' }),
  'a picture': ({ ana, phone }) => ana.send(phone, { image }),
  'a picture in a group': ({ ana, group }) => ana.send(group, { image }),
  'a status': ({ ana, phone }) => postStatus(ana, { text: 'hello' }, phone),
  'a message of the account’s own phone': ({ ana, phone }) => phone.sendFromPhone(ana, { text: 'hello' }),
  'a text that had to be sent again': ({ ana, phone }) =>
    garbled(phone, () => ana.send(phone, { text: 'hello' })),
  'a text in a group that had to be sent again': ({ ana, phone, group }) =>
    garbled(phone, () => ana.send(group, { text: 'hello' })),
}

/** Sends it three times; tells for each receipt that WhatsApp sees whether the message was stored then. */
async function watch(send: (scene: Scene) => Promise<SentMessage>): Promise<boolean[]> {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.settle({ ...session.receiving, includeStatus: true })
  await phone.waitUntilConnected()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  await expect.poll(() => phone.pending).toEqual([])
  session.faults.delayMs = 40
  const wasStored: boolean[] = []
  const others = new Set(phone.receipts.map(({ id }) => id))
  phone.onReceipt(({ id }) => {
    const isStored = session.events.some(
      ({ idMessage, messageType }) => idMessage === id && messageType !== 'unsupportedMessage',
    )
    if (!others.has(id)) wasStored.push(isStored)
  })
  for (let times = 0; times < 3; times += 1) await send({ session, phone, ana, group })
  await expect.poll(() => wasStored.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
  await expect.poll(() => phone.pending, { timeout: 10_000 }).toEqual([])
  return wasStored
}

it.each(Object.entries(kinds))('gives no receipt of %s before it is stored', async (_name, send) => {
  expect(await watch(send)).toEqual([true, true, true])
})

it.each(Object.entries(kinds))(
  'would give the receipt of %s too early if bytes were not held',
  async (_name, send) => {
    vi.spyOn(Link.prototype, 'ackedChange', 'get').mockReturnValue(Number.POSITIVE_INFINITY)
    expect(await watch(send)).toContain(false)
  },
)
