import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConformanceStage, pause, range, text, waitUntil, type Case } from './stage.ts'

let stage: ConformanceStage

// A link does not outlive its Worker, so each case has a stage of its own.
beforeEach(async () => {
  stage = await ConformanceStage.start()
})

afterEach(async () => {
  await stage?.stop()
})

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

  it('79. loses nothing of a hundred under way, repeats at most what was, with the same ids', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ delayMs: 30 })
    await one.publish(...range(1, 100).map((value) => text(value)))
    await one.until(20)
    await stage.crash()
    await waitUntil(() => new Set(one.values).size === 100, 'all hundred', 45_000)
    expect(new Set(idsOf(one)).size).toBe(100)
    // Six under way, and what a quarter of a second of a stream brings.
    expect(idsOf(one).length).toBeLessThanOrEqual(170)
  }, 90_000)

  it('79. repeats nothing when a stream had paused for a moment before the Worker was killed', async () => {
    const one = await stage.case()
    for (const value of range(1, 20)) {
      await one.publish(text(value, value))
      await one.until(Number(value))
    }
    await pause(150)
    await stage.crash()
    // Asking how it fares makes the subscription look at what is left to do.
    expect(await one.status()).toMatchObject({ health: [{ lagEvents: 0 }] })
    await pause(1000)
    expect(one.values).toEqual(range(1, 20))
  }, 90_000)

  it('38. keeps the count of attempts when the schedule changes; the new list says what comes next', async () => {
    await stage.restart({ CHATLINK_RETRY_SCHEDULE: '15,600' })
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    const planned = await one.untilStatus('failing')
    await stage.restart({ CHATLINK_RETRY_SCHEDULE: '600,2,600' })
    const [, second, third] = await one.until(3, 30_000)
    // The attempt that was planned keeps its time; by the old list the next one would come after ten minutes.
    expect(second?.at).toBeGreaterThanOrEqual(Date.parse(planned.nextAttemptAt ?? '') - 50)
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
    const { tenants } = (await (await fetch(url, { headers: { authorization } })).json()) as {
      tenants: { idTenant: string }[]
    }
    for (const { idTenant } of tenants) {
      await fetch(`${url}/${idTenant}`, { method: 'DELETE', headers: { authorization } })
    }
    const sent = one.received.length
    await new Promise((done) => setTimeout(done, 3000))
    expect(one.received.length - sent).toBeLessThanOrEqual(1)
  }, 60_000)
})
