import { reset, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { FleetClient } from '../support/fleet-client.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, ownNumber } from '../support/objects.ts'

const message = {
  to: ownNumber,
  messageType: 'conversation',
  value: 'hello',
  expiresAfterSeconds: 60,
} as const

afterEach(async () => {
  vi.useRealTimers()
  await reset()
})

type Stub = Awaited<ReturnType<typeof makeSession>>['stub']

/** Resolves when the Fleet has answered the session. */
async function waits(stub: Stub, waiting: Record<string, unknown>): Promise<void> {
  await vi.waitFor(async () => expect(await stub.describe()).toMatchObject({ session: waiting }))
}

it('a session that no connector runs says so, and how it goes on, until one has it', async () => {
  const { ref, stub } = await makeSession()
  const waitingText = expect.stringContaining('start one')
  await waits(stub, { state: 'starting', waitingReason: 'noConnector', waitingText })
  expect(await stub.qr()).toMatchObject({ code: 'noQr', detail: waitingText })
  const connector = await FleetClient.join('a')
  await connector.runs(ref.idObject)
  await LinkClient.attach(stub, { idConnector: 'a' })
  const shown = await stub.describe()
  expect(shown.ok && shown.session).not.toHaveProperty('waitingReason')
})

it('a session that no connector has room for says so', async () => {
  await FleetClient.join('a', { capacity: 1 })
  await makeSession()
  const second = await makeSession()
  await waits(second.stub, { waitingReason: 'noRoom' })
  const stopped = await second.stub.stop()
  expect(stopped.ok && stopped.session).not.toHaveProperty('waitingReason')
})

it('a message that waits for a connector says so while it waits, and when it has waited too long', async () => {
  const { stub } = await makeSession()
  const link = await LinkClient.attach(stub)
  await link.report({ report: 'connected', number: ownNumber })
  link.close(1000)
  await waits(stub, { waitingReason: 'noConnector' })
  const sent = await stub.sendMessage(message, { waitSeconds: 0 })
  if (!sent.ok) throw new Error(sent.code)
  expect(sent.message).toMatchObject({ status: 'queued', waitingReason: 'noConnector' })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  await runDurableObjectAlarm(stub)
  const found = await stub.getMessage(sent.message.idMessage)
  expect(found).toMatchObject({
    message: { status: 'failed', errorCode: 'expired', errorText: expect.stringContaining('No connector') },
  })
})
