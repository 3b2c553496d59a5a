import { expect, it } from 'vitest'
import type { FakeSession } from '../support/fake-session.ts'
import { useStage } from './harness.ts'

const stage = useStage()

/** Ids of the pre-keys that nobody has used. */
function preKeysOf({ keys }: FakeSession): string[] {
  return [...keys.keys()].flatMap((name) => (name.startsWith('pre-key\0') ? [name.split('\0')[1]!] : []))
}

const hasSaid = (text: string) => (session: FakeSession) => session.events.some(({ value }) => value === text)

it('reads the first message of a new person with a pre-key of the linking, which only the Worker still has', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const unused = preKeysOf(session)
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'hello' })
  await session.wait(hasSaid('hello'))
  const used = unused.filter((id) => !preKeysOf(session).includes(id))
  expect(used).not.toEqual([])
  expect(session.reads.flat()).toEqual(expect.arrayContaining(used))
})

it('reads the pre-key again in another connector when the first died before the message was durable', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.faults.refuses = ({ events = [] }) => {
    if (events.length > 0) session.supersede()
    return events.length > 0
  }
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'hello' })
  await expect.poll(() => phone.isConnected).toBe(false)
  const unused = preKeysOf(session)
  const readBefore = session.reads.length
  delete session.faults.refuses
  stage.startConnector()
  await session.wait(hasSaid('hello'))
  const used = unused.filter((id) => !preKeysOf(session).includes(id))
  expect(used).toHaveLength(1)
  expect(session.reads.slice(readBefore).flat()).toContain(used[0])
})

it('reads the first messages of many new people with one question to the Worker', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  for (let index = 0; index < 10; index++) {
    const person = stage.whatsapp.createContact({ number: `346001112${index}0`, name: `Person ${index}` })
    await person.send(phone, { text: `hello ${index}` })
  }
  await session.wait(({ events }) => events.length === 10)
  expect(session.reads).toHaveLength(1)
})
