import { expect, it } from 'vitest'
import { useStage } from './harness.ts'

const stage = useStage()

/** A linked session, and somebody whose messages arrive without delay. */
async function begin() {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'first' })
  await session.wait(({ events }) => events[0])
  await expect.poll(() => phone.pending).toEqual([])
  const texts = () => session.events.map(({ value }) => value)
  return { session, phone, ana, texts, connection: phone.companion!.connection! }
}

it.each([
  ['content', 60],
  ['end', -1],
  ['length', 2],
])('connects again when a bit of a frame is another, in its %s, and loses nothing', async (_what, at) => {
  const { session, phone, ana, texts, connection } = await begin()
  connection.garbleNext(at)
  connection.freeze()
  for (const text of ['garbled', 'after', 'last']) await ana.send(phone, { text })
  connection.thaw()
  await session.wait(({ events }) => events.length === 4)
  expect(texts()).toEqual(['first', 'garbled', 'after', 'last'])
  expect(session.duplicates).toEqual([])
  expect(session.reportsOf('reconnecting')).toMatchObject([{ reason: 'connectionLost' }])
  await expect.poll(() => phone.pending).toEqual([])
})

it('tells a message that WhatsApp has compressed before those that come behind it', async () => {
  const { session, phone, ana, texts, connection } = await begin()
  connection.freeze()
  connection.compresses = true
  await ana.send(phone, { text: 'x'.repeat(100_000) }, { id: 'LARGE' })
  connection.compresses = false
  for (const text of ['after', 'last']) await ana.send(phone, { text })
  connection.thaw()
  await session.wait(({ events }) => events.length === 4)
  expect(session.events[1]).toMatchObject({ idMessage: 'LARGE' })
  expect(texts().slice(2)).toEqual(['after', 'last'])
})
