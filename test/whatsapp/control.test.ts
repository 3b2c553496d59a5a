import { afterEach, beforeEach, expect, it } from 'vitest'
import { BaileysClient, newClientState } from './baileys-client.ts'
import { Control } from './control.ts'
import { useWhatsApp } from './harness.ts'

const world = useWhatsApp()
let control: Control
let url: string

beforeEach(async () => {
  control = new Control(world.whatsapp)
  url = await control.listen(0)
})

afterEach(() => control.close())

async function call<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(url + path, body && { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as Answer
}

it('plays a day by HTTP: a phone scans, people write, a group changes, a contact reads', async () => {
  await call('/phones', { number: '34911000001', name: 'The Shop' })
  await call('/contacts', { number: '34600111222', name: 'Ana' })
  const client = world.keep(
    await BaileysClient.link(world.whatsapp, newClientState(), async (qr) => {
      await call('/phones/34911000001/scan', { qr })
    }),
  )
  const group = await call<{ jid: string }>('/groups', {
    subject: 'Friends',
    members: ['34600111222', '34911000001'],
  })
  for (const to of ['34911000001', group.jid]) {
    const content = { image: true, caption: 'Look' }
    const { id } = await call<{ id: string }>('/send', { from: '34600111222', to, content })
    const { message } = await client.message((got) => got.key.id === id && !!got.message)
    expect(message?.imageMessage?.caption).toBe('Look')
  }
  const change = { by: '34600111222', change: { subject: 'Family' } }
  expect(await call(`/groups/${encodeURIComponent(group.jid)}/change`, change)).toMatchObject({
    subject: 'Family',
  })
  expect((await client.socket.groupMetadata(group.jid)).subject).toBe('Family')

  const id = await client.send('34600111222@s.whatsapp.net', { text: 'Hello' })
  await expect
    .poll(() => call<object[]>('/contacts/34600111222/received'))
    .toContainEqual(expect.objectContaining({ id }))
  const statuses: unknown[] = []
  client.socket.ev.on('messages.update', (updates) =>
    statuses.push(...updates.map(({ update }) => update.status)),
  )
  await call('/contacts/34600111222/receipt', { to: '34911000001', id, type: 'read' })
  await expect.poll(() => statuses).toContain(4)
  expect(await call('/unknown-stanzas')).toEqual([])
  await call('/phones/34911000001/unlink', {})
  expect(await client.closed).toBe(401)
})

it('says what is wrong with a call', async () => {
  expect(await call('/contacts', { name: '' })).toHaveProperty('error', expect.stringContaining('name'))
  expect(await call('/phones/999/scan', { qr: 'x' })).toHaveProperty(
    'error',
    expect.stringContaining('create a phone'),
  )
})
