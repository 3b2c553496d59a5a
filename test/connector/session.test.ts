import { expect, it } from 'vitest'
import { useStage } from './harness.ts'

const stage = useStage()

it('links an account by QR and tells its number', async () => {
  stage.startConnector()
  const { session } = await stage.linkSession('34911000001')
  expect(session.reportsOf('connected')[0]).toMatchObject({ number: '34911000001@s.whatsapp.net' })
  expect(session.keys.has('creds\0')).toBe(true)
})

it('turns a text into an event', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'Hello' })
  const event = await session.wait(({ events }) => events[0])
  expect(event).toMatchObject({
    idSession: 'support',
    messageType: 'conversation',
    senderNumber: '34600111222@s.whatsapp.net',
    senderName: 'Ana',
    value: 'Hello',
  })
  await expect.poll(() => phone.pending).toEqual([])
})
