import { describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { waitUntil } from './waiting.ts'
import type { StoredObjects } from './stored.ts'

const hourMs = 3_600_000
/** Nothing is tried again by itself unless the stored time says so. */
const patient = { CHATLINK_RETRY_SCHEDULE: range(1, 8).fill('600').join(',') }

/** Runs with an installation of its own: alarms and crashes concern all that is in it. */
async function alone(run: (stage: ConformanceStage) => Promise<void>): Promise<void> {
  const stage = await ConformanceStage.start(patient)
  try {
    await run(stage)
  } finally {
    await stage.stop()
  }
}

/** An event that has failed once. */
async function failOnce(stage: ConformanceStage): Promise<Case> {
  const one = await stage.case()
  one.script({ status: 500 }, { status: 200 })
  await one.publish(text('x'))
  await one.untilStatus('failing')
  return one
}

/** Moves the next attempt of what fails to a time. */
function plan(stored: StoredObjects, at: number): void {
  stored.change('Dispatcher', 'UPDATE lanes SET next_at = ?', at)
}

describe.concurrent('J. Alarms, seen from outside', () => {
  it('72. delivers at once after a crash what had been claimed and not been sent', async () => {
    await alone(async (stage) => {
      const one = await stage.case({ ordering: 'none', rateLimitPerSecond: 1 })
      await one.publish(...range(1, 8).map((value) => text(value)))
      await one.until(1)
      // All are read and on their way; the rate alone holds them.
      await waitUntil(async () => {
        const [health] = (await one.health()) ?? []
        return health !== undefined && health.cursor === health.sequence
      }, 'all are claimed')
      const sentBefore = one.received.length
      expect(sentBefore).toBeLessThanOrEqual(4)
      await stage.crash()
      await waitUntil(() => new Set(one.values).size === 8, 'all of them', 45_000)
      const ids = one.received.map(({ headers }) => headers['webhook-id'])
      expect(ids.length - new Set(ids).size).toBeLessThanOrEqual(sentBefore)
    })
  }, 90_000)

  it('74. keeps an alarm while the log cannot be read at any call, and delivers when it can', async () => {
    await alone(async (stage) => {
      const one = await failOnce(stage)
      await stage.restart(patient, (stored) => {
        stored.renameLogColumn('bodies', 'lost')
        plan(stored, Date.now())
        stored.setAlarms('Dispatcher', Date.now())
      })
      const thrown = () => stage.log.filter((line) => /"part":"dispatcher".*no such column/.test(line)).length
      for (const count of [2, 4, 6]) {
        await waitUntil(() => thrown() >= count, `${count} calls that have thrown`, 40_000)
        await waitUntil(() => stage.stored.alarms('Dispatcher').length === 1, 'an alarm stands')
      }
      expect(one.received).toHaveLength(1)
      await stage.restart(patient, (stored) => stored.renameLogColumn('lost', 'bodies'))
      await one.until(2, 75_000)
    })
  }, 150_000)

  it('75. makes up at its start for what came due while it was down', async () => {
    await alone(async (stage) => {
      const one = await failOnce(stage)
      await stage.restart(patient, (stored) => {
        plan(stored, Date.now() - hourMs)
        stored.setAlarms('Dispatcher', Date.now() - hourMs)
      })
      await waitUntil(() => one.received.length === 2, 'the overdue attempt')
      expect(await one.untilStatus('delivered')).toMatchObject({ attempts: 2 })
    })
  }, 60_000)

  it('76. attempts only what is due when an alarm goes off', async () => {
    await alone(async (stage) => {
      const one = await stage.case({ ordering: 'none' })
      one.scriptMatching('"bad ', { status: 500 })
      // Between them some that go well: else the endpoint would be taken to be down.
      await one.publish(...range(1, 40).flatMap((value) => [text(`bad ${value}`), text('well')]))
      await waitUntil(
        async () => (await one.deliveries('status=failing&limit=100')).length === 40,
        'failures',
      )
      let soon = 0
      one.scriptMatching('"bad ', { status: 200 })
      await stage.restart(patient, (stored) => {
        soon = Date.now() + 8000
        stored.change(
          'Dispatcher',
          'UPDATE lanes SET next_at = CASE WHEN sequence % 4 < 2 THEN ? ELSE ? END',
          Date.now(),
          soon,
        )
        stored.setAlarms('Dispatcher', Date.now())
      })
      await one.until(120)
      const [early, late] = [one.received.slice(80, 100), one.received.slice(100)]
      expect(late.every(({ at }) => at >= soon)).toBe(true)
      expect(early.every(({ at }) => at < soon)).toBe(true)
      expect(new Set(one.values.slice(80)).size).toBe(40)
    })
  }, 60_000)

  it.each([
    ['missing', null],
    ['stuck in the past', -hourMs],
  ])(
    '77. is set right by the next request when the alarm is %s and an event is due later',
    async (_what, offset) => {
      await alone(async (stage) => {
        const one = await failOnce(stage)
        let dueAt = 0
        await stage.restart(patient, (stored) => {
          dueAt = Date.now() + 5000
          plan(stored, dueAt)
          for (const of of ['Dispatcher', 'Session'] as const) stored.setAlarms(of, null)
          stored.setOwnAlarms('Dispatcher', offset === null ? null : Date.now() + offset)
        })
        await one.status()
        expect(one.received).toHaveLength(1)
        expect(Date.now()).toBeLessThan(dueAt)
        await waitUntil(() => one.received.length === 2, 'the attempt at its time')
        expect(one.received[1]?.at).toBeGreaterThanOrEqual(dueAt - 50)
      })
    },
    60_000,
  )

  it('77. is set right by the Session’s own alarm when nobody asks', async () => {
    await alone(async (stage) => {
      const one = await failOnce(stage)
      await stage.restart(patient, (stored) => {
        plan(stored, Date.now())
        stored.setAlarms('Dispatcher', null)
        stored.setAlarms('Session', Date.now())
      })
      await waitUntil(() => one.received.length === 2, 'the attempt')
    })
  }, 60_000)
})
