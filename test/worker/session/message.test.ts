import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LinkClient } from '../support/link-client.ts'
import { makeConnected, makeSession, readEvents } from '../support/objects.ts'

const message = { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Hi' } as const

afterEach(() => {
  vi.useRealTimers()
})

type Send = Awaited<ReturnType<typeof makeConnected>>['stub']

async function queue(stub: Send, options: { idempotencyKey?: string } = {}) {
  const sent = await stub.sendMessage(message, { waitSeconds: 0, ...options })
  if (!sent.ok) throw new Error(sent.code)
  return sent.message
}

describe('sendMessage', () => {
  it('hands the message to the connector and answers sent when WhatsApp has it', async () => {
    const { stub, link } = await makeConnected()
    const sending = stub.sendMessage(message, { waitSeconds: 10 })
    const { idCommand, command } = await link.next('command')
    expect(command).toMatchObject({ kind: 'sendMessage', idMessage: idCommand, message })
    expect(idCommand).toMatch(/^3EB0[0-9A-F]{18}$/)
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect(await sending).toMatchObject({
      ok: true,
      message: { idMessage: idCommand, status: 'sent' },
    })
    expect(await stub.getMessage(idCommand)).toMatchObject({ message: { status: 'sent' } })
  })

  it('answers queued when WhatsApp has not acknowledged in time', async () => {
    const { stub } = await makeConnected()
    const { idMessage, status } = await queue(stub)
    expect(status).toBe('queued')
    expect(await stub.describe()).toMatchObject({ session: { queuedMessages: 1 } })
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { status: 'queued', to: message.to } })
  })

  it('tells what failed, with the reason', async () => {
    const { stub, link } = await makeConnected()
    const sending = stub.sendMessage(message, { waitSeconds: 10 })
    const { idCommand } = await link.next('command')
    await link.report({
      report: 'command',
      idCommand,
      outcome: 'failed',
      errorCode: '404',
      errorText: 'nobody',
    })
    expect(await sending).toMatchObject({
      message: { status: 'failed', errorCode: '404', errorText: 'nobody' },
    })
  })

  it('tells the next connector again, in order, what no report has ended', async () => {
    const { stub, link } = await makeConnected()
    const first = await queue(stub)
    const second = await queue(stub)
    const third = await queue(stub)
    await link.report({ report: 'command', idCommand: second.idMessage, outcome: 'done' })
    await evictDurableObject(stub)
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    await next.until(() => next.all('command').length === 2)
    expect(next.all('command').map(({ idCommand }) => idCommand)).toEqual([first.idMessage, third.idMessage])
  })

  it('keeps the first outcome when a command is reported twice', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    await link.report({ report: 'command', idCommand: idMessage, outcome: 'done' })
    await link.report({ report: 'command', idCommand: idMessage, outcome: 'failed', errorCode: 'late' })
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { status: 'sent' } })
  })

  it('sends once for one Idempotency-Key, and refuses it for another message', async () => {
    const { stub, link } = await makeConnected()
    const first = await queue(stub, { idempotencyKey: 'key-1' })
    const again = await queue(stub, { idempotencyKey: 'key-1' })
    expect(again.idMessage).toBe(first.idMessage)
    const other = { ...message, value: 'Something else' }
    const refused = await stub.sendMessage(other, { waitSeconds: 0, idempotencyKey: 'key-1' })
    expect(refused).toMatchObject({ ok: false, code: 'idempotencyConflict' })
    await link.until(() => link.all('command').length > 0)
    expect(link.all('command')).toHaveLength(1)
  })

  it('refuses when the session is not linked', async () => {
    const { stub } = await makeSession({ start: false })
    expect(await stub.sendMessage(message, { waitSeconds: 0 })).toMatchObject({
      ok: false,
      code: 'sessionNotConnected',
    })
  })

  it('gives up after a day, tells subscribers, and believes a later report', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 })
    await runDurableObjectAlarm(stub)
    expect(await stub.getMessage(idMessage)).toMatchObject({
      message: { status: 'failed', errorCode: 'expired' },
    })
    expect((await readEvents(stub)).at(-1)).toMatchObject({
      messageType: 'messageStatus',
      idMessage,
      status: 'failed',
    })
    await link.report({ report: 'command', idCommand: idMessage, outcome: 'done' })
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { status: 'sent' } })
  })

  it('says that it cannot know, when a connector was told of it and died, and believes a receipt that comes later', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    await link.next('command')
    link.close(1000)
    await link.closedWith()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 })
    await runDurableObjectAlarm(stub)
    expect(await stub.getMessage(idMessage)).toMatchObject({
      message: { status: 'failed', errorText: expect.stringContaining('Look before you send it again') },
    })
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect(next.all('command')).toEqual([])
    await next.deliver({
      messageType: 'messageStatus',
      idSession: 'support',
      idEvent: 'evt_0000000000000000000001',
      senderNumber: message.to,
      messageTimestamp: 1_767_225_600,
      idMessage,
      status: 'delivered',
    })
    const found = await stub.getMessage(idMessage)
    expect(found).toMatchObject({ message: { status: 'delivered' } })
    expect(found.ok && found.message).not.toHaveProperty('errorCode')
    const told = (await readEvents(stub)).filter(({ messageType }) => messageType === 'messageStatus')
    expect(told).toMatchObject([{ status: 'failed', errorCode: 'expired' }, { status: 'delivered' }])
  })

  it('does not know a message of nobody', async () => {
    const { stub } = await makeConnected()
    expect(await stub.getMessage('3EB0NONE')).toMatchObject({ ok: false, code: 'messageNotFound' })
  })
})

describe('expiresAfterSeconds', () => {
  it('ends the wait when the time is over, not before, and tells the connector of the time', async () => {
    const { stub, link } = await makeConnected()
    const now = Date.now()
    const brief = { ...message, expiresAfterSeconds: 30 }
    const sent = await stub.sendMessage(brief, { waitSeconds: 0 })
    if (!sent.ok) throw new Error(sent.code)
    const { expiresAt } = await link.next('command')
    expect(expiresAt).toBeGreaterThanOrEqual(now + 30_000)
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + 30_000)
    const alarmAt = await runInDurableObject(stub, (_object, state) => state.storage.getAlarm())
    expect(alarmAt).toBeLessThanOrEqual(expiresAt!)
    const { idMessage } = sent.message
    vi.useFakeTimers({ toFake: ['Date'], now: now + 29_000 })
    await runDurableObjectAlarm(stub)
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { status: 'queued' } })
    vi.setSystemTime(now + 31_000)
    await runDurableObjectAlarm(stub)
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { errorCode: 'expired' } })
  })
})

describe('cancelMessage', () => {
  const statuses = async (stub: Send) =>
    (await readEvents(stub)).filter(({ messageType }) => messageType === 'messageStatus')

  it('takes back at once what no connector was told of, and says so', async () => {
    const { stub, link } = await makeConnected()
    link.close()
    await link.closedWith()
    const { idMessage } = await queue(stub)
    expect(await stub.cancelMessage(idMessage)).toMatchObject({ ok: true })
    expect(await stub.getMessage(idMessage)).toMatchObject({
      message: { status: 'failed', errorCode: 'cancelled' },
    })
    expect(await statuses(stub)).toMatchObject([{ idMessage, status: 'failed', errorCode: 'cancelled' }])
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect(next.all('command')).toEqual([])
  })

  it('asks the connector that was told of it', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    const cancelling = stub.cancelMessage(idMessage)
    const { idCommand } = await link.next('cancel')
    await link.report({ report: 'command', idCommand, outcome: 'failed', errorCode: 'cancelled' })
    expect(await cancelling).toMatchObject({ ok: true })
  })

  it('refuses when the connector has handed it to WhatsApp, and the message goes on', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    const cancelling = stub.cancelMessage(idMessage)
    const { idCommand } = await link.next('cancel')
    await link.report({ report: 'cancelRefused', idCommand })
    expect(await cancelling).toMatchObject({ ok: false, code: 'messageGone' })
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect(await stub.getMessage(idMessage)).toMatchObject({ message: { status: 'sent' } })
  })

  it('refuses what another connector was told of before: it may have gone', async () => {
    const { stub } = await makeConnected()
    const { idMessage } = await queue(stub)
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect(await stub.cancelMessage(idMessage)).toMatchObject({ ok: false, code: 'messageGone' })
    expect(next.all('cancel')).toEqual([])
  })

  it('refuses what was sent, and does not know what never was', async () => {
    const { stub, link } = await makeConnected()
    const { idMessage } = await queue(stub)
    await link.report({ report: 'command', idCommand: idMessage, outcome: 'done' })
    expect(await stub.cancelMessage(idMessage)).toMatchObject({ ok: false, code: 'messageGone' })
    expect(await stub.cancelMessage('3EB0NONE')).toMatchObject({ ok: false, code: 'messageNotFound' })
  })
})

describe('appendOwn', () => {
  const update = {
    messageType: 'subscriptionUpdate',
    idSubscription: 'sub_5hVn8rJc1xTq4mWe7yKzPd',
    action: 'failing',
  }

  it('logs an event of the Worker once, however often it is told', async () => {
    const { stub } = await makeSession()
    const event = { ...update, idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd' }
    await stub.appendOwn(event)
    await stub.appendOwn(event)
    const logged = (await readEvents(stub)).filter(({ messageType }) => messageType === 'subscriptionUpdate')
    expect(logged).toEqual([expect.objectContaining({ idSession: 'support', action: 'failing' })])
  })

  it('refuses what does not fit its schema', async () => {
    const { stub } = await makeSession()
    expect(await stub.appendOwn({ ...update, action: 'dancing' })).toMatchObject({
      ok: false,
      code: 'invalidEvent',
    })
  })
})
