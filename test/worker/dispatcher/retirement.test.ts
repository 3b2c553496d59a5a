import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeControl, type Control, type Settings } from '../../../worker/dispatcher/record.ts'
import { Retirement } from '../../../worker/dispatcher/retirement.ts'
import { Endpoint } from '../support/endpoint.ts'
import { makeTenant, readEvents, sessionStub } from '../support/objects.ts'
import { passSeconds, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

const day = 86_400

/** A subscription to several sessions of a tenant, wired as in life. */
async function makeSubscription(...names: string[]) {
  const { stub: tenant } = await makeTenant()
  const endpoint = new Endpoint()
  const sessions: { idSession: string; idObject: string; session: ReturnType<typeof sessionStub> }[] = []
  for (const idSession of names) {
    const made = await tenant.createSession({ idSession, start: false })
    if (!made.ok) throw new Error(made.code)
    sessions.push({ idSession, idObject: made.ref.idObject, session: sessionStub(made.ref.idObject) })
  }
  const made = await tenant.createSubscription({ url: endpoint.url, events: ['conversation'] })
  if (!made.ok) throw new Error(made.code)
  const { idSubscription } = made.subscription
  const of = (name: string) => {
    const found = sessions.find(({ idSession }) => idSession === name)
    if (!found) throw new Error(`no session ${name}`)
    return { ...found, dispatcher: env.DISPATCHER.getByName(`${found.idObject}:${idSubscription}`) }
  }
  return {
    tenant,
    endpoint,
    of,
    subscription: async () => {
      const found = await tenant.getSubscription(idSubscription)
      if (!found.ok) throw new Error(found.code)
      return found.subscription
    },
    enable: () => tenant.setSubscriptionStatus(idSubscription, 'enabled'),
    /** How the endpoint answers the events of one session. */
    answer: (name: string, status: number) => endpoint.scriptMatching(`"idSession":"${name}"`, { status }),
    /** Logs an event in a session and sees it delivered. */
    async deliver(name: string) {
      const { session, dispatcher } = of(name)
      const before = (await dispatcher.lastSuccess()).at ?? 0
      await session.appendOwn(text('good'))
      await until(async () => ((await dispatcher.lastSuccess()).at ?? 0) > before, 'delivered')
    },
    /** Logs events in a session whose endpoint fails, until it is only probed. */
    async failTwelveTimes(name: string) {
      const { session, dispatcher } = of(name)
      for (let count = 0; count < 6; count++) await session.appendOwn(text('bad', `${count}`))
      await until(async () => (await dispatcher.describe()).breaker === 'open', 'open')
      for (let round = 0; round < 12; round++) await probe(name)
    },
    probe,
    /** How often the others were told that it was disabled. */
    async notices() {
      const logs = await Promise.all(sessions.map(({ session }) => readEvents(session)))
      return logs.flat().filter(({ action }) => action === 'disabled')
    },
  }

  /** Lets some minutes pass and the due attempt be made. */
  async function probe(name: string) {
    passSeconds(200)
    await runDurableObjectAlarm(of(name).dispatcher)
  }
}

describe('five days of nothing but failure', () => {
  it('44. disable when no session has had a success, once, although several find it out', async () => {
    const made = await makeSubscription('one', 'two')
    await made.endpoint.script({ status: 500 })
    await made.failTwelveTimes('one')
    await made.failTwelveTimes('two')
    expect(await made.subscription()).toMatchObject({ status: 'enabled' })
    passSeconds(5 * day)
    await Promise.all([made.probe('one'), made.probe('two')])
    for (const name of ['one', 'two']) await made.probe(name)
    await until(async () => (await made.subscription()).status === 'disabled', 'disabled')
    expect(await made.subscription()).toMatchObject({ statusReason: 'onlyFailures' })
    await until(async () => (await made.notices()).length > 0, 'told')
    expect(await made.notices()).toMatchObject([{ reason: 'onlyFailures' }])
    expect(await made.of('two').dispatcher.describe()).toMatchObject({ status: 'disabled' })
  })

  it('44. do not disable while another session has had a success within them, and do when that is over', async () => {
    const made = await makeSubscription('sick', 'well')
    await made.answer('sick', 500)
    await made.failTwelveTimes('sick')
    passSeconds(4 * day)
    await made.deliver('well')
    // What is remembered only in storage counts as well.
    await evictDurableObject(made.of('well').dispatcher)
    passSeconds(4 * day)
    for (let round = 0; round < 3; round++) await made.probe('sick')
    expect(await made.subscription()).toMatchObject({ status: 'enabled', statusReason: null })
    expect(await made.notices()).toEqual([])
    passSeconds(day)
    for (let round = 0; round < 3; round++) await made.probe('sick')
    await until(async () => (await made.subscription()).status === 'disabled', 'disabled')
    await until(async () => (await made.notices()).length === 1, 'told')
  })

  it('45. begin anew when the subscription is enabled again', async () => {
    const made = await makeSubscription('one')
    await made.endpoint.script({ status: 500 })
    await made.failTwelveTimes('one')
    passSeconds(5 * day)
    await made.probe('one')
    await until(async () => (await made.subscription()).status === 'disabled', 'disabled')
    await made.enable()
    await made.failTwelveTimes('one')
    expect(await made.subscription()).toMatchObject({ status: 'enabled' })
    passSeconds(5 * day)
    for (let round = 0; round < 2; round++) await made.probe('one')
    await until(async () => (await made.subscription()).status === 'disabled', 'disabled again')
    await until(async () => (await made.notices()).length === 2, 'told again')
  })
})

describe('when the Tenant is asked whether a subscription is to be disabled', () => {
  const settings = { ref: {}, config: {} } as Settings
  const overdue = (failures = 10): Control => Object.assign(makeControl(), { failingSince: 1000, failures })
  const dueAt = 1000 + 5 * day * 1000

  it('is after five days of failure, and not before ten failures', () => {
    expect(new Retirement(overdue()).isDue(dueAt - 1)).toBe(false)
    expect(new Retirement(overdue()).isDue(dueAt)).toBe(true)
    expect(new Retirement(overdue(9)).isDue(dueAt)).toBe(false)
    expect(new Retirement(makeControl()).isDue(dueAt)).toBe(false)
  })

  it('is a minute later when it could not be asked', async () => {
    const retirement = new Retirement(overdue())
    const mayRetire = () => Promise.reject(new Error('not there'))
    await expect(retirement.isGranted({ mayRetire }, settings, dueAt)).rejects.toThrow('not there')
    expect(retirement.isDue(dueAt + 59_999)).toBe(false)
    expect(retirement.isDue(dueAt + 60_000)).toBe(true)
  })

  it('is when the Tenant said, if it said no', async () => {
    const retirement = new Retirement(overdue())
    const mayRetire = () => Promise.resolve({ mayRetire: false, askAt: dueAt + 7000 })
    expect(await retirement.isGranted({ mayRetire }, settings, dueAt)).toBe(false)
    expect(retirement.isDue(dueAt + 6999)).toBe(false)
    expect(retirement.isDue(dueAt + 7000)).toBe(true)
  })

  it('comes to nothing when an attempt went well meanwhile', async () => {
    const control = overdue()
    const mayRetire = () => {
      control.failingSince = null
      return Promise.resolve({ mayRetire: true, askAt: dueAt })
    }
    expect(await new Retirement(control).isGranted({ mayRetire }, settings, dueAt)).toBe(false)
  })
})
