import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Endpoint } from '../support/endpoint.ts'
import { makeTenant, readEvents, sessionStub } from '../support/objects.ts'
import { text, until } from './fixture.ts'

/** A subscription to two sessions of a tenant, whose endpoint answers slowly enough to be asked by both at once. */
async function makeTwo(status: number, headers: Record<string, string> = {}) {
  const { stub: tenant } = await makeTenant()
  const endpoint = new Endpoint()
  await endpoint.script({ status, headers, delayMs: 300 })
  const made = await tenant.createSubscription({ url: endpoint.url, events: ['conversation'] })
  if (!made.ok) throw new Error(made.code)
  const { idSubscription } = made.subscription
  const part = async (idSession: string) => {
    const session = await tenant.createSession({ idSession, start: false })
    if (!session.ok) throw new Error(session.code)
    const { idObject } = session.ref
    const dispatcher = env.DISPATCHER.getByName(`${idObject}:${idSubscription}`)
    return { session: sessionStub(idObject), dispatcher }
  }
  const [one, two] = [await part('one'), await part('two')]
  const parts = [one, two]
  return {
    tenant,
    endpoint,
    idSubscription,
    one,
    two,
    asked: (count: number) =>
      until(async () => (await endpoint.received()).length >= count, `${count} asked`),
    async status() {
      const found = await tenant.getSubscription(idSubscription)
      if (!found.ok) throw new Error(found.code)
      return found.subscription.status
    },
    async told() {
      const logs = await Promise.all(parts.map(({ session }) => readEvents(session)))
      return logs.flat().filter(({ action }) => action === 'disabled')
    },
    /** Whether nothing is left to be told, of any session. */
    isQuiet: async () => {
      const views = await Promise.all(parts.map(({ dispatcher }) => dispatcher.describe()))
      return views.every(({ status }) => status === 'disabled')
    },
  }
}

describe('an endpoint that wants no more', () => {
  it.each([
    ['gone', 410, {}],
    ['endpointAsked', 200, { 'webhook-delivery': 'disable' }],
  ] as const)(
    'is told of once, though it says so (%s) to two sessions at once',
    async (reason, status, headers) => {
      const made = await makeTwo(status, headers)
      await Promise.all([made.one.session.appendOwn(text('1')), made.two.session.appendOwn(text('2'))])
      await made.asked(2)
      await until(made.isQuiet, 'disabled in both')
      await until(async () => (await made.told()).length > 0, 'told')
      // What a second teller would have done has been done by then.
      await made.one.session.appendOwn(text('3'))
      await made.two.session.appendOwn(text('4'))
      expect(await made.status()).toBe('disabled')
      expect(await made.told()).toMatchObject([{ idSubscription: made.idSubscription, reason }])
    },
  )

  it('is told of once, though it says so to several requests of one session', async () => {
    const made = await makeTwo(410)
    await made.one.session.appendOwn(text('1', '1'))
    await made.one.session.appendOwn(text('2', '2'))
    await made.asked(2)
    await until(async () => (await made.one.dispatcher.describe()).attempts === 2, 'both answered')
    await until(async () => (await made.told()).length > 0, 'told')
    await made.one.session.appendOwn(text('3', '3'))
    await made.two.session.appendOwn(text('4'))
    await until(made.isQuiet, 'disabled in both')
    expect(await made.told()).toHaveLength(1)
    expect(await made.endpoint.received()).toHaveLength(2)
  })

  it('is told of again when it was enabled in between', async () => {
    const made = await makeTwo(410)
    await made.one.session.appendOwn(text('1'))
    await until(async () => (await made.told()).length === 1, 'told once')
    await made.tenant.setSubscriptionStatus(made.idSubscription, 'enabled')
    expect(await made.status()).toBe('enabled')
    await made.two.session.appendOwn(text('2'))
    await until(async () => (await made.told()).length === 2, 'told twice')
    expect(await made.status()).toBe('disabled')
  })

  it('does not disable what has been enabled since it was asked', async () => {
    const made = await makeTwo(410)
    await made.one.session.appendOwn(text('1'))
    await until(async () => (await made.told()).length === 1, 'told once')
    const { idSubscription, tenant } = made
    const before = await tenant.getSubscription(idSubscription)
    if (!before.ok) throw new Error(before.code)
    await tenant.setSubscriptionStatus(idSubscription, 'enabled')
    const late = { idSubscription, idObject: 'another', version: before.config.version, reason: 'gone' }
    expect(await tenant.disableSubscription(late)).toEqual({ ok: true, tells: false })
    expect(await made.status()).toBe('enabled')
  })
})
