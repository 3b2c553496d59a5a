import { describe, expect, it } from 'vitest'
import { maxIdempotencyKeyLength } from '../../../schema/api/common.ts'
import { maxQueuedMessages } from '../../../schema/api/message.ts'
import {
  maxHeaders,
  maxNamedSessions,
  maxNamedTypes,
  maxSubscriptions,
  maxUrlLength,
} from '../../../schema/api/subscription.ts'
import { linkClose, maxFrameBytes } from '../../../schema/link.ts'
import { maxBodyCharacters } from '../../../worker/session/event-line.ts'
import { makeCustomer, problem } from '../support/api-client.ts'
import { conversation } from '../support/event-builder.ts'
import { findObject, makeLinked } from '../support/linked-session.ts'

const url = 'https://example.com/'

describe('a subscription', () => {
  const make = async (json: object) => (await makeCustomer()).post('/v1/subscriptions', json)

  it('may have the longest URL and no letter more', async () => {
    const longest = url.padEnd(maxUrlLength, 'a')
    expect((await make({ url: longest })).status).toBe(201)
    expect(await make({ url: `${longest}a` })).toMatchObject(problem(422, 'validationFailed'))
  })

  it('may have the most headers and not one more', async () => {
    const headers = Object.fromEntries(Array.from({ length: maxHeaders }, (_, n) => [`x-${n}`, 'value']))
    expect((await make({ url, headers })).status).toBe(201)
    expect(await make({ url, headers: { ...headers, 'x-more': 'value' } })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('may have long headers and no letter more', async () => {
    expect((await make({ url, headers: { 'x-long': 'a'.repeat(1024) } })).status).toBe(201)
    expect(await make({ url, headers: { 'x-long': 'a'.repeat(1025) } })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('may name a header once, however it is written', async () => {
    expect(await make({ url, headers: { 'X-Key': 'one', 'x-key': 'two' } })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('may name the most sessions and types, and not one more', async () => {
    const sessions = Array.from({ length: maxNamedSessions }, (_, n) => `session-${n}`)
    const events = Array(maxNamedTypes).fill('conversation')
    expect((await make({ url, sessions, events })).status).toBe(201)
    for (const more of [{ sessions: [...sessions, 'more'] }, { events: [...events, 'conversation'] }]) {
      expect(await make({ url, ...more })).toMatchObject(problem(422, 'validationFailed'))
    }
  })

  it('is refused when the tenant has the most', async () => {
    const customer = await makeCustomer()
    for (let count = 0; count < maxSubscriptions; count++)
      expect((await customer.post('/v1/subscriptions', { url })).status).toBe(201)
    expect(await customer.post('/v1/subscriptions', { url })).toMatchObject(
      problem(409, 'tooManySubscriptions'),
    )
  })
})

describe('a message', () => {
  const json = { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Hello' }
  const path = '/v1/sessions/support/messages?wait=0'

  it('may have the longest Idempotency-Key and no letter more', async () => {
    const { customer } = await makeLinked()
    const send = (key: string) => customer.call('POST', path, { json, headers: { 'idempotency-key': key } })
    expect((await send('a'.repeat(maxIdempotencyKeyLength))).status).toBe(202)
    expect(await send('a'.repeat(maxIdempotencyKeyLength + 1))).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('is refused when the most are waiting, and taken when one has gone', async () => {
    const { customer, link } = await makeLinked()
    const { stub } = await findObject(customer, 'support')
    const queue = () => stub.sendMessage({ ...json, messageType: 'conversation' }, { waitSeconds: 0 })
    await Promise.all(Array.from({ length: maxQueuedMessages }, queue))
    const send = () => customer.post(path, json)
    expect(await send()).toMatchObject(problem(429, 'tooManyQueued'))
    const { idCommand } = await link.next('command')
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect((await send()).status).toBe(202)
  })
})

describe('the link', () => {
  it('takes the longest event, and keeps a longer one as invalid', async () => {
    const { customer, link } = await makeLinked()
    const overhead = JSON.stringify(conversation({ value: '' })).length
    await link.deliver(conversation({ value: 'a'.repeat(maxBodyCharacters - overhead - 50) }))
    await link.deliver(conversation({ value: 'a'.repeat(maxBodyCharacters) }))
    type Page = { events: unknown[] }
    const events = await customer.get<Page>('/v1/sessions/support/events?types=conversation')
    expect(events.body.events).toHaveLength(1)
    type Invalid = { events: { reason: string }[] }
    const invalid = await customer.get<Invalid>('/v1/sessions/support/invalid-events')
    expect(invalid.body.events.map(({ reason }) => reason)).toEqual([
      expect.stringContaining(String(maxBodyCharacters)),
    ])
  })

  it('is closed by a frame over the limit', async () => {
    const { link } = await makeLinked()
    link.send('a'.repeat(maxFrameBytes + 1))
    expect(await link.closedWith()).toBe(linkClose.badFrame)
  })
})
