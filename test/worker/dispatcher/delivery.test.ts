import { afterEach, describe, expect, it, vi } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { byText, makeDelivery, secret, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('delivery', () => {
  it('posts an event, signed, in its exact bytes', async () => {
    const { endpoint, session, log } = await makeDelivery()
    await log(text('Hola, señora 👋'))
    await until(async () => (await endpoint.received()).length === 1, 'one webhook')
    const [received] = await endpoint.received()
    const { entries } = await session.readLog({ after: 0, limit: 1, maxBytes: 1_000_000 })
    expect(received?.body).toBe(entries[0]?.body)
    expect(received?.method).toBe('POST')
    expect(received?.headers['content-type']).toBe('application/json')
    expect(received?.headers['user-agent']).toMatch(/^ChatLink\/\d/)
    expect(new Webhook(secret).verify(received?.body ?? '', received?.headers ?? {})).toMatchObject({
      value: 'Hola, señora 👋',
    })
  })

  it('tries a failed event again by alarm, with the same id and bytes and a new signature', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 }, { status: 200 })
    await log(text('again'))
    await until(async () => (await view()).failing === 1, 'the first attempt')
    await passTo(10)
    const [first, second] = await endpoint.received()
    expect(second?.body).toBe(first?.body)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThan(
      Number(first?.headers['webhook-timestamp']),
    )
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
  })

  it('keeps the order of a chat while one event fails, and lets other chats go on', async () => {
    const { endpoint, log, passTo } = await makeDelivery()
    await endpoint.scriptMatching('a1', { status: 500 }, { status: 500 }, { status: 200 })
    await log(text('a1', '111'), text('b1', '222'), text('a2', '111'), text('b2', '222'), text('a3', '111'))
    await until(async () => (await endpoint.values()).includes('b2'), 'the other chat')
    await passTo(10)
    await passTo(40)
    await until(async () => (await endpoint.values()).includes('a3'), 'the rest of the chat')
    const values = await endpoint.values()
    expect(values.filter((value) => String(value).startsWith('a'))).toEqual(['a1', 'a1', 'a1', 'a2', 'a3'])
    expect(values.filter((value) => String(value).startsWith('b'))).toEqual(['b1', 'b2'])
  })

  it('delivers after an eviction what failed before it, and nothing twice', async () => {
    const { endpoint, log, passTo, evict, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('poison', { status: 500 }, { status: 200 })
    await log(text('one'), text('poison'), text('two'), text('three', '333'))
    await until(
      async () => (await view()).failing === 1 && (await endpoint.values()).length === 3,
      'the failure',
    )
    await evict()
    await passTo(10)
    await until(async () => (await endpoint.values()).includes('two'), 'what waited')
    expect((await endpoint.values()).toSorted(byText)).toEqual(['one', 'poison', 'poison', 'three', 'two'])
    expect(await view()).toMatchObject({ lag: 0, failing: 0 })
  })

  it('gives an event up when its schedule is used up, and goes on behind it', async () => {
    const { endpoint, dispatcher, log, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('dead', { status: 500 })
    await log(text('dead'), text('alive'))
    await until(async () => (await view()).failing === 1, 'the first failure')
    for (const seconds of [10, 40, 150]) await passTo(seconds)
    await until(async () => (await endpoint.values()).includes('alive'), 'the event behind')
    const { deliveries } = await dispatcher.listDeliveries({ status: 'exhausted', limit: 10 })
    expect(deliveries).toMatchObject([{ attempts: 4, lastStatusCode: 500, lastError: 'httpStatus' }])
    expect(await endpoint.values()).toEqual(['dead', 'dead', 'dead', 'dead', 'alive'])
  })

  it('writes one row for a lone event, and lists it with its attempt', async () => {
    const { endpoint, log, dispatcher, rows, describe: view } = await makeDelivery()
    const before = await rows()
    await log(text('lone'))
    await until(async () => (await view()).lastSuccessAt !== null && (await view()).lag === 0, 'delivered')
    await until(async () => (await rows()) > before, 'written')
    expect((await rows()) - before).toBe(1)
    const { deliveries } = await dispatcher.listDeliveries({ limit: 10 })
    expect(deliveries).toMatchObject([{ status: 'delivered', attempts: 1, lastStatusCode: 200 }])
    const found = await dispatcher.getDelivery(deliveries[0]?.idEvent ?? '')
    expect(found).toMatchObject({
      attemptLog: [{ statusCode: 200, trigger: 'automatic', url: endpoint.url }],
    })
  })
})
