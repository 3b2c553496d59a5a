import { Readable } from 'node:stream'
import { expect, it, vi } from 'vitest'
import type { AccountQuestion } from '../../connector/account-questions.ts'
import { answerQuestion } from '../../connector/questions.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()
const picture = Buffer.from('a picture, as it was uploaded')

async function setUp(file = picture) {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const tools = {
    socket: client.socket,
    phoneOf: (lid: string) => world.whatsapp.world.personOf(lid)?.pnJid,
    openFile: async () => ({ stream: Readable.from([file]), mimetype: 'image/jpeg', fileName: undefined }),
    authorIn: async (_group: string, jid: string) => jid,
  }
  const ask = (question: AccountQuestion) => answerQuestion('c1', question, tools)
  const { creds } = client.socket.authState
  await vi.waitFor(() => expect(creds.me?.name).toBe('The Shop'))
  await vi.waitFor(() => expect(creds.myAppStateKeyId).toBeDefined())
  return { phone, ana, ask, creds }
}

it('reads the profile', async () => {
  const { phone, ask } = await setUp()
  expect((await ask({ kind: 'readProfile' })).result).toEqual({ name: 'The Shop', pictureUrl: null })
  phone.pictureUrl = 'https://pps.whatsapp.net/shop.jpg'
  expect((await ask({ kind: 'readProfile' })).result).toMatchObject({ pictureUrl: phone.pictureUrl })
})

it('changes the name on all of the account’s devices', async () => {
  const { phone, ask } = await setUp()
  const { result } = await ask({ kind: 'updateProfile', name: 'The New Shop' })
  expect(result).toMatchObject({ name: 'The New Shop' })
  expect(phone.chosenName).toBe('The New Shop')
})

it('asks for patience while the phone has not shared the key of the account’s state', async () => {
  const { ask, creds } = await setUp()
  delete creds.myAppStateKeyId
  const { errorCode, errorText } = await ask({ kind: 'updateProfile', name: 'The New Shop' })
  expect(errorCode).toBe('notAnswered')
  expect(errorText).toContain('has not shared the key')
})

it('sets the picture byte by byte, and takes it away', async () => {
  const { phone, ask } = await setUp()
  const { result } = await ask({ kind: 'updateProfile', idFile: 'file_aaaaaaaaaaaaaaaaaaaaaa' })
  expect(phone.picture).toEqual(picture)
  expect(result).toEqual({ name: 'The Shop', pictureUrl: phone.pictureUrl })
  expect((await ask({ kind: 'updateProfile', idFile: null })).result).toMatchObject({ pictureUrl: null })
  expect(phone.picture).toBeUndefined()
})

it('reads no more of a picture than one may have', async () => {
  const { phone, ask } = await setUp(Buffer.alloc(256 * 1024 + 1))
  const report = await ask({ kind: 'updateProfile', idFile: 'file_aaaaaaaaaaaaaaaaaaaaaa' })
  expect(report.outcome).toBe('failed')
  expect(phone.picture).toBeUndefined()
})

it.each(['pnJid', 'lidJid'] as const)('blocks, lists and unblocks somebody by %s', async (address) => {
  const { phone, ana, ask } = await setUp()
  // WhatsApp tells both addresses with a message.
  await ana.send(phone, { text: 'Hello' })
  const jid = ana[address]!
  const person = { jid: ana.pnJid, number: ana.pnJid, lid: ana.lidJid }
  await vi.waitFor(async () =>
    expect(await ask({ kind: 'block', jid, isBlocked: true })).toMatchObject({ outcome: 'done' }),
  )
  expect(phone.blocked).toEqual(new Set([ana]))
  expect((await ask({ kind: 'listBlocked' })).result).toEqual({ blocked: [person] })
  await ask({ kind: 'block', jid, isBlocked: false })
  expect((await ask({ kind: 'listBlocked' })).result).toEqual({ blocked: [] })
})

it('blocks nobody who is not on WhatsApp', async () => {
  const { ask } = await setUp()
  const jid = '34600999999@s.whatsapp.net'
  expect(await ask({ kind: 'block', jid, isBlocked: true })).toMatchObject({ errorCode: 'notOnWhatsApp' })
  const lid = '123456789012345@lid'
  expect(await ask({ kind: 'block', jid: lid, isBlocked: true })).toMatchObject({
    errorCode: 'notOnWhatsApp',
  })
})
