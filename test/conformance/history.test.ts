import { describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

/** What takes days or cannot be asked for is put into what is stored, between a stop and a start of the Worker. */
const dayMs = 86_400_000
const patient = { CHATLINK_RETRY_SCHEDULE: range(1, 8).fill('600').join(',') }

async function alone(
  environment: Record<string, string>,
  run: (stage: ConformanceStage) => Promise<void>,
): Promise<void> {
  const stage = await ConformanceStage.start(environment)
  try {
    await run(stage)
  } finally {
    await stage.stop()
  }
}

describe.concurrent('F. Five days of failure, seen from outside', () => {
  /** An endpoint that fails, tells another subscription of it, and has done so for so long. */
  async function failFor(stage: ConformanceStage, days: number) {
    const one = await stage.case()
    const told = `${one.path}-operator`
    await one.subscribe({ url: stage.endpoints.url(told), events: ['subscriptionUpdate'] })
    one.script({ status: 500 })
    await one.publish(...range(1, 12).map((value) => text(value, value)))
    await waitUntil(async () => (await one.health())?.[0]?.state === 'down', 'down')
    const sentBefore = one.received.length
    await stage.restart(patient, (stored) => {
      const since = Date.now() - days * dayMs
      stored.change(
        'Dispatcher',
        `UPDATE control SET control = json_set(control, '$.failingSince', ?, '$.failures', 1000,
          '$.breaker.probeAt', 0) WHERE control ->> '$.failures' > 0`,
        since,
      )
      stored.change('Dispatcher', 'UPDATE lanes SET next_at = 0')
      stored.setAlarms('Dispatcher', Date.now())
    })
    // One that was answered just before a restart may come again, under the same id.
    const notices = () => {
      const came = stage.endpoints.received(told).filter(({ body }) => body.includes('"disabled"'))
      return [...new Set(came.map(({ headers }) => headers['webhook-id']))]
    }
    return { one, notices, sentBefore }
  }

  it('44. disables once, and tells it once', async () => {
    await alone(patient, async (stage) => {
      const { one, notices, sentBefore } = await failFor(stage, 5.01)
      await waitUntil(() => one.received.length > sentBefore, 'one more failure')
      await waitUntil(async () => (await one.status()).status === 'disabled', 'disabled')
      expect(await one.status()).toMatchObject({ statusReason: 'onlyFailures' })
      await waitUntil(() => notices().length > 0, 'the notice')
      const sent = one.received.length
      await stage.restart(patient)
      await one.status()
      await pause(1500)
      expect(notices()).toHaveLength(1)
      expect(one.received).toHaveLength(sent)
    })
  }, 90_000)

  it('46. does not disable after a thousand failures within less than five days', async () => {
    await alone(patient, async (stage) => {
      const { one, notices, sentBefore } = await failFor(stage, 4.99)
      await waitUntil(() => one.received.length > sentBefore, 'one more failure')
      await pause(1000)
      expect(await one.status()).toMatchObject({ status: 'enabled', statusReason: null })
      expect(notices()).toEqual([])
    })
  }, 90_000)

  it('45. begins the five days anew after one success', async () => {
    await alone(patient, async (stage) => {
      const one = await stage.case()
      one.scriptMatching('"good"', { status: 200 })
      one.script({ status: 500 })
      await one.publish(...range(1, 3).map((value) => text(value, value)))
      await waitUntil(async () => (await one.deliveries('status=failing')).length === 3, 'three fail')
      await stage.restart(patient, (stored) =>
        stored.change(
          'Dispatcher',
          `UPDATE control SET control = json_set(control, '$.failingSince', ?, '$.failures', 1000)`,
          Date.now() - 4.9 * dayMs,
        ),
      )
      const link = await stage.relink(one.link)
      link.commit([{ idSession: one.idSession, ...text('good', 'good') }])
      await waitUntil(() => one.values.includes('good'), 'the success')
      // Then nothing but failure again, and the clock half a day further.
      await pause(500)
      await stage.restart(patient, (stored) => {
        stored.change('Dispatcher', 'UPDATE lanes SET next_at = 0')
        stored.setAlarms('Dispatcher', Date.now())
        stored.change(
          'Dispatcher',
          `UPDATE control SET control = json_set(control, '$.failures', 1000,
            '$.failingSince', (control ->> '$.failingSince') - ?)`,
          dayMs / 2,
        )
      })
      await one.until(7)
      await pause(1000)
      expect(await one.status()).toMatchObject({ status: 'enabled' })
    })
  }, 90_000)
})

describe.concurrent('C. A request that cannot be made', () => {
  it('27. is one attempt of a class that is not retried, seen in the log, and holds nothing else up', async () => {
    await alone({ CHATLINK_RETRY_SCHEDULE: '1,1' }, async (stage) => {
      const one = await stage.case()
      const other = await one.subscribe({ url: stage.endpoints.url(`${one.path}-other`) })
      // The API refuses such a header; an older version of it may not have.
      await stage.restart({ CHATLINK_RETRY_SCHEDULE: '1,1' }, (stored) =>
        stored.change(
          'Dispatcher',
          `UPDATE settings SET settings = json_set(settings, '$.config.headers', json('{"X-Bad":"line\\nbreak"}'))
            WHERE settings ->> '$.config.idSubscription' = ?`,
          one.subscription.idSubscription,
        ),
      )
      const link = await stage.relink(one.link)
      link.commit([{ idSession: one.idSession, ...text('x') }])
      const { idEvent, ...delivery } = await one.untilStatus('exhausted')
      expect(delivery).toMatchObject({ attempts: 1, lastError: 'invalidRequest', nextAttemptAt: null })
      expect(await one.attempts(idEvent)).toMatchObject([
        { errorClass: 'invalidRequest', statusCode: null, trigger: 'automatic', nextAttemptAt: null },
      ])
      await waitUntil(() => stage.endpoints.received(`${one.path}-other`).length === 1, 'the other endpoint')
      await pause(2500)
      expect(await one.attempts(idEvent)).toHaveLength(1)
      expect(one.received).toHaveLength(0)
      // Mended by its owner, the dead letter can be sent.
      await one.patch({ headers: { 'X-Good': 'yes' } })
      await stage.api.post(`${one.root}/deliveries/${idEvent}/retry`)
      expect(one.received).toMatchObject([{ headers: { 'x-good': 'yes' } }])
      expect(other.idSubscription).not.toBe(one.subscription.idSubscription)
    })
  }, 60_000)
})

describe.concurrent('K. After the retention', () => {
  /** 3 seconds. */
  const short = { CHATLINK_RETENTION_DAYS: String(3 / 86_400), CHATLINK_RETRY_SCHEDULE: '1' }

  const events = async (one: Case) =>
    (await one.stage.api.get<{ events: object[] }>(`/v1/sessions/${one.idSession}/events?types=conversation`))
      .events

  it('88, 89. the payload is gone, what became of it stays, and sending it again is refused', async () => {
    await alone(short, async (stage) => {
      const one = await stage.case()
      one.scriptMatching('"dead"', { status: 500 })
      await one.publish(text('fine'))
      const fine = await one.untilStatus('delivered')
      expect(await events(one)).toHaveLength(1)
      await waitUntil(async () => (await events(one)).length === 0, 'the log forgets it', 20_000)
      const { status, body } = await stage.api.request('POST', `${one.root}/deliveries/${fine.idEvent}/retry`)
      expect([status, body]).toEqual([410, expect.objectContaining({ code: 'eventExpired' })])
      expect(await one.deliveries()).toMatchObject([
        { idEvent: fine.idEvent, status: 'delivered', attempts: 1 },
      ])
      expect(await one.attempts(fine.idEvent)).toMatchObject([{ statusCode: 200 }])
      // A replay finds nothing, and sends nothing that is empty.
      await stage.api.post(`${one.root}/replay`, {})
      await pause(1000)
      expect(one.received).toHaveLength(1)
      expect(one.received[0]?.body).toContain('"fine"')
      await one.publish(text('later'))
      await one.until(2)
      expect(one.values).toEqual(['fine', 'later'])
    })
  }, 60_000)

  it('88. what was never delivered is told as lost with its retention, and what follows is delivered', async () => {
    await alone(short, async (stage) => {
      const one = await stage.case()
      await one.patch({ status: 'paused' })
      await one.publish(text('old'))
      await waitUntil(async () => (await events(one)).length === 0, 'the log forgets it', 20_000)
      await one.patch({ status: 'enabled' })
      await one.publish(text('new'))
      await one.until(1)
      await pause(500)
      expect(one.values).toEqual(['new'])
      expect((await one.health())?.[0]).toMatchObject({ lagEvents: 0 })
    })
  }, 60_000)
})
