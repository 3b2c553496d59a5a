import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { LinkClient } from '../support/link-client.ts'
import { makeConnected, ownNumber, readEvents } from '../support/objects.ts'

const now = 1_767_225_600_000
const ana = '34600111222@s.whatsapp.net'
const nobody = '34600999999@s.whatsapp.net'
const away = { report: 'reconnecting', reason: 'connectionLost', reasonText: 'by the test' } as const

afterEach(() => {
  vi.useRealTimers()
})

/** A connected session; `asked` gathers the numbers of which WhatsApp is asked, and nobody has those that end in 999. */
async function connected() {
  const { stub, link } = await makeConnected()
  const asked: string[] = []
  watch(link, asked)
  return { stub, link, asked }
}

function watch(link: LinkClient, asked: string[]): void {
  link.jidOf = (number) => {
    asked.push(number)
    return number.endsWith('999') ? null : `${number}@s.whatsapp.net`
  }
}

type Stub = Awaited<ReturnType<typeof connected>>['stub']
const send = (stub: Stub, to: string, options: { idempotencyKey?: string } = {}) =>
  stub.sendMessage({ to, messageType: 'conversation', value: 'Hi' }, { waitSeconds: 0, ...options })

const told = (link: LinkClient) =>
  link
    .all('command')
    .map(({ command }) => (command.kind === 'sendMessage' ? command.message.to : command.kind))

async function settled(link: LinkClient): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await link.commit({})
}

it('asks once about a number, also after an eviction', async () => {
  const { stub, asked } = await connected()
  await send(stub, ana)
  await send(stub, ana)
  await evictDurableObject(stub)
  const next = await LinkClient.attach(stub)
  watch(next, asked)
  await next.report({ report: 'connected', number: ownNumber })
  expect(await send(stub, ana)).toMatchObject({ ok: true })
  expect(asked).toEqual(['34600111222'])
})

it('refuses a number that nobody has, queues nothing, and asks again only after a while', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link, asked } = await connected()
  expect(await send(stub, nobody)).toMatchObject({ ok: false, code: 'notOnWhatsApp' })
  expect(await send(stub, nobody)).toMatchObject({ ok: false, code: 'notOnWhatsApp' })
  expect(asked).toEqual(['34600999999'])
  expect(await stub.describe()).toMatchObject({ session: { queuedMessages: 0 } })
  expect(link.all('command')).toEqual([])
  vi.setSystemTime(now + 600_001)
  link.jidOf = () => nobody
  expect(await send(stub, nobody)).toMatchObject({ ok: true })
})

it('writes to the other form of a number under which WhatsApp knows it', async () => {
  const { stub, link } = await connected()
  link.jidOf = () => '551187654321@s.whatsapp.net'
  const sent = await send(stub, '5511987654321@s.whatsapp.net')
  expect(sent).toMatchObject({ ok: true, message: { to: '551187654321@s.whatsapp.net' } })
  await settled(link)
  expect(told(link)).toEqual(['551187654321@s.whatsapp.net'])
})

it('asks nothing about groups and LIDs', async () => {
  const { stub, asked } = await connected()
  for (const to of ['120363041234567890@g.us', '180001112223334@lid']) await send(stub, to)
  expect(asked).toEqual([])
})

it('asks about all that come at once in few questions', async () => {
  const { stub, link } = await connected()
  link.jidOf = null
  const numbers = Array.from({ length: 120 }, (_, index) => String(34_600_000_100 + index))
  const sending = Promise.all(numbers.map((number) => send(stub, `${number}@s.whatsapp.net`)))
  const questions: number[] = []
  for (let count = 0; questions.reduce((sum, size) => sum + size, 0) < numbers.length; count++) {
    await link.until(() => link.all('command').length > count)
    const { idCommand, command } = link.all('command')[count]!
    if (command.kind !== 'checkNumbers') continue
    questions.push(command.numbers.length)
    const contacts = command.numbers.map((number) => ({
      number,
      jid: `${number}@s.whatsapp.net`,
      exists: true,
    }))
    await link.report({ report: 'command', idCommand, outcome: 'done', result: { contacts } })
  }
  expect((await sending).every(({ ok }) => ok)).toBe(true)
  expect(questions.length).toBeLessThan(8)
})

it('answers a repeated Idempotency-Key without asking', async () => {
  const { stub, link, asked } = await connected()
  const first = await send(stub, ana, { idempotencyKey: 'a' })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23 * 3_600_000 })
  link.jidOf = () => null
  const again = await send(stub, ana, { idempotencyKey: 'a' })
  expect(again).toMatchObject({ ok: true })
  expect(again.ok && first.ok && again.message.idMessage === first.message.idMessage).toBe(true)
  expect(asked).toHaveLength(1)
})

it('checks what was queued while WhatsApp was away before it goes, and says who was nobody', async () => {
  const { stub, link, asked } = await connected()
  await link.report(away)
  const [gone, first, second] = [await send(stub, nobody), await send(stub, ana), await send(stub, ana)]
  expect([gone.ok, first.ok, second.ok]).toEqual([true, true, true])
  await link.report({ report: 'connected', number: ownNumber })
  await settled(link)
  expect(told(link)).toEqual([ana, ana])
  expect(asked).toEqual(['34600999999', '34600111222'])
  const idMessage = gone.ok ? gone.message.idMessage : ''
  expect(await stub.getMessage(idMessage)).toMatchObject({
    message: { status: 'failed', errorCode: 'notOnWhatsApp' },
  })
  const status = (await readEvents(stub)).find(({ messageType }) => messageType === 'messageStatus')
  expect(status).toMatchObject({ idMessage, senderNumber: nobody, errorCode: 'notOnWhatsApp' })
})

it('sends unchecked when WhatsApp does not answer again and again, rather than never', async () => {
  const { stub, link } = await connected()
  link.jidOf = null
  const refuse = async (count: number) => {
    await link.until(() => link.all('command').length === count)
    const { idCommand } = link.all('command')[count - 1]!
    await link.report({ report: 'command', idCommand, outcome: 'failed', errorCode: 'notAnswered' })
  }
  const sending = send(stub, ana)
  await refuse(1)
  expect(await sending).toMatchObject({ ok: true, message: { status: 'queued' } })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  for (const count of [2, 3]) {
    vi.setSystemTime(Date.now() + 3000)
    await Promise.all([runDurableObjectAlarm(stub), refuse(count)])
  }
  await settled(link)
  expect(told(link)).toEqual(['checkNumbers', 'checkNumbers', 'checkNumbers', ana])
})
