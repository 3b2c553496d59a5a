import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maxUnwritten, maxUnwrittenMs } from '../../worker/dispatcher/unwritten.ts'
import type { Case, Delivery } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

let stage: ConformanceStage

// A link does not outlive its Worker, so each case has a stage of its own.
beforeEach(async () => {
  stage = await ConformanceStage.start()
})

afterEach(async () => {
  await stage?.stop()
})

/** What docs/delivery.md promises of a crash in the midst of a stream: at most this is repeated, and what is unwritten. */
const maxUnderWay = 6

const idsOf = (one: Case) => one.received.map(({ headers }) => headers['webhook-id'])

describe('J. Crash, eviction, alarms', () => {
  it('70, 71. delivers what was acknowledged although the Worker is killed at once', async () => {
    const one = await stage.case()
    one.script({ delayMs: 400 })
    await one.publish(...range(1, 10).map((value) => text(value, value)))
    await stage.crash()
    await waitUntil(() => new Set(one.values).size === 10, 'all ten', 45_000)
    expect(idsOf(one).length - new Set(idsOf(one)).size).toBeLessThanOrEqual(6)
  }, 90_000)

  it('73. makes the planned attempts although the Worker is killed between them', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ status: 500 })
    await one.publish(...range(1, 4).map((value) => text(value)))
    await one.until(4)
    await waitUntil(async () => (await one.deliveries('status=failing')).length === 4, 'four failures')
    one.script({ status: 200 })
    await stage.crash()
    await waitUntil(() => new Set(one.values.slice(4)).size === 4, 'four retries', 45_000)
  }, 90_000)

  it('34, 73. spreads the next attempts of 1,000 that failed together, and keeps their times over a crash', async () => {
    await stage.restart({ CHATLINK_RETRY_SCHEDULE: '600,600' })
    const one = await stage.case({ ordering: 'none' })
    one.scriptMatching('"bad ', { status: 500 })
    // Between them some that go well: else the endpoint would be taken to be down, and not be tried.
    await one.publish(...range(1, 1000).flatMap((value) => [text(`bad ${value}`), text(`good ${value}`)]))
    await one.until(2000, 45_000)
    const before = await failingTimes(one)
    expect(before.size).toBe(1000)
    const seconds = new Map<number, number>()
    for (const at of before.values()) {
      const second = Math.floor(at / 1000)
      seconds.set(second, (seconds.get(second) ?? 0) + 1)
      expect(at - Date.now()).toBeLessThanOrEqual(720_000)
    }
    expect(Math.max(...seconds.values())).toBeLessThanOrEqual(20)
    // The last of them are written when it has been quiet for a moment.
    await pause(500)
    await stage.crash()
    expect(await failingTimes(one)).toEqual(before)
    expect(one.received).toHaveLength(2000)
  }, 90_000)

  it('79. loses nothing of a stream, and repeats what was under way and at most what the last moment had brought', async () => {
    const one = await stage.case({ ordering: 'none' })
    const delayMs = 30
    one.script({ delayMs })
    await one.publish(...range(1, 300).map((value) => text(value)))
    await one.until(150)
    const killedAt = Date.now()
    await stage.crash()
    await waitUntil(() => new Set(one.values).size === 300, 'all of them', 45_000)
    await pause(1000)
    const ids = idsOf(one)
    expect(new Set(ids).size).toBe(300)
    const repeated = one.received.filter(({ headers }, index) => ids.indexOf(headers['webhook-id']) < index)
    const firstAt = (id: string | undefined) => one.received[ids.indexOf(id)]?.at ?? 0
    // Progress is written after so long; a request takes its time, and so do the clocks of two processes.
    const since = killedAt - maxUnwrittenMs - delayMs - 120
    for (const { headers } of repeated) expect(firstAt(headers['webhook-id'])).toBeGreaterThanOrEqual(since)
    expect(repeated.length).toBeLessThanOrEqual(maxUnderWay + maxUnwritten)
    expect(repeated.length).toBeLessThan(ids.filter((id) => firstAt(id) <= killedAt).length)
  }, 90_000)

  it('79. loses nothing of more than 100 deliveries that a deploy interrupts, and repeats no more than were under way', async () => {
    const cases = await Promise.all(range(1, 20).map(() => stage.case({ ordering: 'none' })))
    await Promise.all(cases.map((one) => one.publish(...range(1, 10).map((value) => text(value)))))
    await Promise.all(cases.map((one) => one.until(10)))
    // What is delivered is written as soon as it is quiet.
    await waitUntil(
      async () =>
        (await Promise.all(cases.map((one) => one.health()))).every((of) => of?.[0]?.lagEvents === 0),
      'all is settled',
    )
    await pause(500)
    for (const one of cases) one.script({ delayMs: 20_000 })
    await Promise.all(cases.map((one) => one.publish(...range(11, 18).map((value) => text(value)))))
    const underWay = () => cases.reduce((sum, { path }) => sum + stage.endpoints.concurrent(path), 0)
    await waitUntil(() => underWay() === 120, '120 are under way')
    for (const one of cases) one.script({ status: 200 })
    await stage.restart()
    await waitUntil(() => cases.every((one) => new Set(one.values).size === 18), 'all of them', 45_000)
    await pause(1000)
    const received = cases.flatMap((one) => one.received)
    const ids = received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(360)
    expect(ids.length - 360).toBeLessThanOrEqual(120)
    // What came twice was under way, and came with the same bytes.
    for (const one of cases) expect(one.values.slice(0, 10).toSorted()).toEqual(range(1, 10).toSorted())
    for (const one of cases) expect(one.values.slice(10).filter((value) => Number(value) <= 10)).toEqual([])
    expect(new Set(received.map(({ headers, body }) => headers['webhook-id'] + body)).size).toBe(360)
  }, 120_000)

  it('68. sends again, with the same id, what was answered when the Worker died before it could note it', async () => {
    const one = await stage.case()
    one.script({ delayMs: 1500 }, { status: 200 })
    await one.publish(text('x'))
    await one.until(1)
    // That it is under way has been written by now. The answer is in the socket; who is to read it is not there any more.
    await pause(700)
    const pid = stage.installation.pids().worker ?? 0
    process.kill(pid, 'SIGSTOP')
    await waitUntil(() => stage.endpoints.concurrent(one.path) === 0, 'the answer is given')
    await stage.crash()
    const [first, second] = await one.until(2, 45_000)
    expect(first?.status).toBe(200)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.body).toBe(first?.body)
    await one.untilStatus('delivered')
    await pause(1000)
    expect(one.received).toHaveLength(2)
  }, 90_000)

  it('79. repeats nothing when a stream had paused for a moment before the Worker was killed', async () => {
    const one = await stage.case()
    for (const value of range(1, 20)) {
      await one.publish(text(value, value))
      await one.until(Number(value))
    }
    await pause(300)
    await stage.crash()
    // Asking how it fares makes the subscription look at what is left to do.
    expect(await one.status()).toMatchObject({ health: [{ lagEvents: 0 }] })
    await pause(1000)
    expect(one.values).toEqual(range(1, 20))
  }, 90_000)

  it('38. keeps the count of attempts when the schedule changes; the new list says what comes next', async () => {
    await stage.restart({ CHATLINK_RETRY_SCHEDULE: '600,600' })
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.untilStatus('failing')
    let plannedAt = 0
    await stage.restart({ CHATLINK_RETRY_SCHEDULE: '600,2,600' }, (stored) => {
      // Ten minutes have almost passed.
      plannedAt = Date.now() + 4000
      stored.change('Dispatcher', 'UPDATE lanes SET next_at = ?', plannedAt)
      stored.setAlarms('Dispatcher', plannedAt)
    })
    const [, second, third] = await one.until(3, 30_000)
    // The attempt that was planned keeps its time; by the old list the next one would come after ten minutes.
    expect(second?.at).toBeGreaterThanOrEqual(plannedAt - 50)
    expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual(1550)
    await waitUntil(async () => (await one.deliveries())[0]?.attempts === 3, 'the third failure')
    const [delivery] = await one.deliveries()
    const waitMs = Date.parse(delivery?.nextAttemptAt ?? '') - (third?.at ?? 0)
    expect(waitMs).toBeGreaterThan(470_000)
    expect(waitMs).toBeLessThan(730_000)
  }, 90_000)

  it('80. forgets a deleted tenant: nothing leaves any more', async () => {
    const one = await stage.case()
    const admin = stage.installation.secrets.adminToken
    const authorization = `Bearer ${admin}`
    const url = `${stage.installation.url}/v1/tenants`
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.until(1)
    const secrets = ['34600111222', one.secret, one.path]
    for (const secret of secrets) expect(stage.stored.holds(secret)).toBe(true)
    const { tenants } = (await (await fetch(url, { headers: { authorization } })).json()) as {
      tenants: { idTenant: string }[]
    }
    for (const { idTenant } of tenants) {
      await fetch(`${url}/${idTenant}`, { method: 'DELETE', headers: { authorization } })
    }
    // What was under way may still arrive.
    await pause(300)
    const sent = one.received.length
    await pause(4000)
    expect(one.received).toHaveLength(sent)
    expect((await stage.api.request('GET', one.root)).status).toBe(401)
    // Nothing will wake them again, and nothing of theirs is kept.
    expect(stage.stored.alarms('Dispatcher')).toEqual([])
    expect(stage.stored.alarms('Session')).toEqual([])
    await stage.restart({}, (stored) => {
      for (const secret of secrets) expect(stored.holds(secret)).toBe(false)
    })
  }, 60_000)
})

/** When each failing event of a case is tried next, by its id. */
async function failingTimes(one: Case): Promise<Map<string, number>> {
  const times = new Map<string, number>()
  for (let cursor = ''; ;) {
    const page = await stage.api.get<{ deliveries: Delivery[]; cursor: string | null }>(
      `${one.root}/deliveries?status=failing&limit=200${cursor}`,
    )
    for (const { idEvent, nextAttemptAt } of page.deliveries)
      times.set(idEvent, Date.parse(nextAttemptAt ?? ''))
    if (page.cursor === null) return times
    cursor = `&cursor=${page.cursor}`
  }
}
