import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

const total = 3000
const chats = 200
const outageMs = 10_000

/** Failures in a row by which it is found out, but the last; and with the last, what was under way. */
const atOnce = 4 + 6

let stage: ConformanceStage

beforeAll(async () => {
  // The first three retries are over long before the outage is; a probe comes every two seconds, a fifth more or less.
  stage = await ConformanceStage.start({
    CHATLINK_RETRY_SCHEDULE: ['1,1', ...range(1, 30).fill('2')].join(','),
  })
})

afterAll(async () => {
  await stage?.stop()
})

const chatOf = (value: string) => Number(value) % chats

async function publishAll(one: Case): Promise<void> {
  for (let sent = 0; sent < total; sent += 500) {
    await one.publish(...range(sent + 1, sent + 500).map((value) => text(value, String(chatOf(value)))))
  }
}

/** How long a backlog of the same size takes to an endpoint that was only paused. */
async function timeHealthyDrain(): Promise<number> {
  const one = await stage.case()
  await one.patch({ status: 'paused' })
  await publishAll(one)
  await one.patch({ status: 'enabled' })
  const received = await one.until(total, 60_000)
  return (received.at(-1)?.at ?? 0) - (received[0]?.at ?? 0)
}

describe('F. Many that have been away at once', () => {
  it('50. get all that waits, each in order, while their batches take turns in one isolate', async () => {
    const backlog = range(1, 300)
    const cases = await Promise.all(range(1, 12).map(() => stage.case()))
    cases[0]?.script({ delayMs: 60 })
    for (const one of cases) await one.patch({ status: 'paused' })
    for (const one of cases)
      await one.publish(...backlog.map((value) => text(value, String(Number(value) % 10))))
    await Promise.all(cases.map((one) => one.patch({ status: 'enabled' })))
    for (const one of cases) await one.until(backlog.length, 60_000)
    await pause(500)
    for (const { values } of cases) {
      expect(values).toHaveLength(backlog.length)
      for (let chat = 0; chat < 10; chat++) {
        const ofChat = (value: string) => Number(value) % 10 === chat
        expect(values.filter(ofChat)).toEqual(backlog.filter(ofChat))
      }
    }
    expect(stage.log.filter((line) => line.includes('"error"'))).toEqual([])
  }, 120_000)
})

describe('F. An endpoint that is down for longer than its first retries', () => {
  it('50. is probed and not hammered, and gets all that waits, in order by chat, at full speed, when it returns', async () => {
    const healthyMs = await timeHealthyDrain()
    const one = await stage.case()
    one.script({ status: 500 })
    const downAt = Date.now()
    await publishAll(one)
    await pause(Math.max(0, downAt + outageMs - Date.now()))
    expect(await one.status()).toMatchObject({ status: 'enabled', health: [{ state: 'down' }] })

    // Those that were under way when it was found out, then one at a time.
    const until = one.received.length
    const probes = one.received.slice(atOnce).map(({ at }) => at)
    expect(until).toBeLessThanOrEqual(atOnce + outageMs / 800)
    for (const [index, at] of probes.entries()) {
      if (index > 0) expect(at - (probes[index - 1] ?? 0)).toBeGreaterThanOrEqual(750)
    }

    one.script({ status: 200 })
    const upAt = Date.now()
    await waitUntil(() => one.received.length - until >= total, 'all that waits', 60_000)
    await pause(500)
    const delivered = one.received.slice(until)
    const values = one.values.slice(until)
    expect(values).toHaveLength(total)
    expect(new Set(values).size).toBe(total)
    for (let chat = 0; chat < chats; chat++) {
      const expected = range(1, total).filter((value) => chatOf(value) === chat)
      expect(values.filter((value) => chatOf(value) === chat)).toEqual(expected)
    }
    // The next probe finds it.
    const firstAt = delivered[0]?.at ?? 0
    expect(firstAt - upAt).toBeLessThanOrEqual(2400 + 300)
    const allMs = (delivered.at(-1)?.at ?? 0) - firstAt
    process.stdout.write(
      `      50: ${until} requests in ${outageMs / 1000} s; then ${total} in ${allMs} ms, when healthy in ${healthyMs} ms\n`,
    )
    expect(allMs).toBeLessThanOrEqual(healthyMs * 2 + 1000)
    expect((await one.deliveries('status=exhausted')).length).toBe(0)
    expect(await one.status()).toMatchObject({ health: [{ lagEvents: 0, lagSeconds: 0 }] })
  }, 120_000)
})
