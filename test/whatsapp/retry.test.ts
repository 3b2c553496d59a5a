import { describe, expect, it } from 'vitest'
import { BaileysClient, type ClientState } from './baileys-client.ts'
import { useWhatsApp } from './harness.ts'

const world = useWhatsApp()

/** A client loses what it needs to decrypt, as after a restored backup. */
function loseKeys({ values }: ClientState, type: 'session' | 'sender-key'): void {
  for (const key of values.keys()) if (key.startsWith(`${type}/`)) values.delete(key)
}

describe('a message that could not be decrypted', () => {
  it('comes to the client again in a new session when it asks for it', async () => {
    const { phone, client, state } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const first = await ana.send(phone, { text: 'One' })
    await client.message(({ key, message }) => key.id === first.id && !!message)
    await client.send(ana.pnJid!, { text: 'Got it' })
    await expect.poll(() => ana.receivedCount).toBe(1)
    loseKeys(state, 'session')
    const second = await ana.send(phone, { text: 'Two' })
    const { message } = await client.message(({ key, message }) => key.id === second.id && !!message)
    expect(message?.conversation).toBe('Two')
    await expect.poll(() => phone.pending).toEqual([])
  })

  it('comes to the client again in a group, with the sender key', async () => {
    const { phone, client, state } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
    const first = await ana.send(group, { text: 'One' })
    await client.message(({ key, message }) => key.id === first.id && !!message)
    loseKeys(state, 'sender-key')
    const second = await ana.send(group, { text: 'Two' })
    const { message } = await client.message(({ key, message }) => key.id === second.id && !!message)
    expect(message?.conversation).toBe('Two')
  })

  it.each(['a person', 'a group'])('is sent again by the client when %s asks for it', async (where) => {
    const { phone, client } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const leo = world.whatsapp.createContact({ number: '34600111333', name: 'Leo' })
    const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, leo, phone] })
    const jid = where === 'a group' ? group.jid : ana.pnJid!
    const first = await client.send(jid, { text: 'One' })
    await ana.waitForMessage(({ id }) => id === first)
    await ana.send(phone, { text: 'Thanks' })
    await client.message(({ message }) => message?.conversation === 'Thanks')
    ana.device.forgetSessions()
    const second = await client.send(jid, { text: 'Two' })
    const { message } = await ana.waitForMessage(({ id }) => id === second)
    expect(message.extendedTextMessage?.text).toBe('Two')
    expect(ana.undecryptable).toHaveLength(1)
    if (where === 'a group') expect(leo.receivedCount).toBe(2)
  })

  it('is sent again by one linked client to another', async () => {
    const shop = await world.linked('34911000001')
    const office = await world.linked('34911000002')
    const there = await shop.client.send(office.phone.pnJid!, { text: 'ping' })
    await office.client.message(({ key, message }) => key.id === there && !!message)
    const back = await office.client.send(shop.phone.pnJid!, { text: 'pong' })
    await shop.client.message(({ key, message }) => key.id === back && !!message)
    loseKeys(office.state, 'session')
    const again = await shop.client.send(office.phone.pnJid!, { text: 'ping 2' })
    const { message } = await office.client.message(({ key, message }) => key.id === again && !!message)
    expect(message?.extendedTextMessage?.text).toBe('ping 2')
  })
})

it('delivers in the order that a test asks for, which Baileys survives in a group only by asking again', async () => {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  await ana.send(group, { text: 'Message 0' })
  phone.hold()
  const ids: string[] = []
  for (let n = 1; n <= 3; n++) ids.push((await ana.send(group, { text: `Message ${n}` })).id)
  phone.release(ids[0]!, ids[2]!, ids[1]!)
  await client.until(() =>
    ids.every((id) => client.messages.some(({ key, message }) => key.id === id && !!message)),
  )
  await expect.poll(() => phone.pending).toEqual([])
})

it('delivers again at the next login what was never receipted', async () => {
  const { phone, client, state } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  phone.freeze()
  const { id } = await ana.send(phone, { text: 'Into the void' })
  phone.dropConnection()
  await client.closed
  expect(phone.pending).toContain(id)
  const again = world.keep(new BaileysClient(world.whatsapp, state))
  await again.message(({ key, message }) => key.id === id && !!message)
  await expect.poll(() => phone.pending).toEqual([])
})

it('asks a client for more keys when strangers have used them up', async () => {
  const { phone } = await world.linked()
  const companion = phone.companion!
  await expect.poll(() => companion.preKeyCount).toBeGreaterThan(100)
  while (companion.preKeyCount >= 5) companion.bundle(phone.deviceJid(companion))
  await expect.poll(() => companion.preKeyCount).toBeGreaterThan(5)
})
