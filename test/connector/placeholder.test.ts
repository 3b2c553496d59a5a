import { beforeEach, expect, it } from 'vitest'
import { idEventOf } from '../../connector/normalize/identity.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { useStage } from './harness.ts'

const stage = useStage()

beforeEach(() => {
  stage.startConnector()
})

/** A message that only the phone can read, as those that answer an advertisement are. */
async function placeholder() {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const sent = await ana.send(phone, { text: 'How much is it?' }, { onlyOnPhone: true })
  await session.wait((seen) => [...seen.keys.keys()].some((name) => name.startsWith('awaited-message')))
  const idEvent = idEventOf({ remoteJid: ana.lidJid, id: sent.id }, 'support')
  return { session, ana, sent, idEvent }
}

async function expectContent(
  session: FakeSession,
  { sent, ana, idEvent }: Awaited<ReturnType<typeof placeholder>>,
) {
  await session.wait(({ events }) => events.some((event) => event['idMessage'] === sent.id))
  expect(session.events).toMatchObject([
    {
      idEvent,
      messageType: 'conversation',
      value: 'How much is it?',
      senderNumber: ana.pnJid,
      senderName: 'Ana',
    },
  ])
  await session.wait((seen) => ![...seen.keys.keys()].some((name) => name.startsWith('awaited-message')))
}

it('asks the phone for a message that came without its content, and tells it once, as if it had come whole', async () => {
  const late = await placeholder()
  await expectContent(late.session, late)
})

it('asks again with the next connector when one ends before the phone has answered', async () => {
  const late = await placeholder()
  stage.startConnector()
  await late.session.wait((seen) => seen.reportsOf('connected').length > 1)
  await expectContent(late.session, late)
})
