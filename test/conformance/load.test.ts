import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: Array(40).fill('2').join(',') })
})

afterAll(async () => {
  await stage?.stop()
})

/** Megabytes of memory that the Worker's process has. */
function workerMegabytes(): number {
  const pid = String(stage.installation.pids().worker)
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' })) / 1024)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** The largest number of times, which are in order, within any span of so many milliseconds. */
function mostWithin(times: readonly number[], spanMs: number): number {
  let from = 0
  let most = 0
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - spanMs) from++
    most = Math.max(most, index - from + 1)
  }
  return most
}

function report(line: string): void {
  process.stdout.write(`      ${line}\n`)
}

describe('load', () => {
  it('57. drains a backlog of 50,000 at the rate of a stream when its endpoint recovers, and tells how fresh it is', async () => {
    const one = await stage.case()
    const publish = async (from: number, to: number) => {
      for (let sent = from; sent < to; sent += 500) {
        const values = range(sent + 1, sent + 500)
        await one.publish(...values.map((value) => text(value, String(Number(value) % 100))))
      }
    }
    const streamed = 10_000
    const streamedFrom = Date.now()
    await publish(0, streamed)
    await waitUntil(() => one.received.length === streamed, 'the stream', 60_000)
    const streamRate = streamed / ((Date.now() - streamedFrom) / 1000)

    one.script({ status: 500 })
    const downAt = Date.now()
    const total = 50_000
    await publish(streamed, streamed + total)
    const from = one.received.length
    // Before it is found out at most ten; then a probe every two seconds, a fifth more or less.
    expect(from - streamed).toBeLessThanOrEqual(10 + (Date.now() - downAt) / 1600)
    const memory = [workerMegabytes()]
    const sampling = setInterval(() => memory.push(workerMegabytes()), 500)
    const lags: { lagEvents: number; lagSeconds: number }[] = []
    one.script({ status: 200 })
    let firstAt = 0
    try {
      await one.until(from + 1, 10_000)
      firstAt = Date.now()
      await one.publish(text('fresh', 'fresh'))
      while (one.received.length - from <= total) {
        if (Date.now() - firstAt > 180_000) throw new Error(`${one.received.length - from} of ${total} came`)
        const [health] = (await one.health()) ?? []
        if (health && one.received.length - from < total) lags.push(health)
        await pause(1000)
      }
    } finally {
      clearInterval(sampling)
    }
    const rate = total / ((Date.now() - firstAt) / 1000)
    const most = Math.max(...memory)
    report(
      `57: ${Math.round(rate)} events/s, as a stream ${Math.round(streamRate)}; memory ${memory[0]}, at most ${most} MB`,
    )
    expect(rate).toBeGreaterThan(streamRate / 2)
    expect(lags.length).toBeGreaterThan(2)
    for (const [index, { lagEvents, lagSeconds }] of lags.entries()) {
      expect(lagEvents).toBeLessThanOrEqual(lags[index - 1]?.lagEvents ?? total + 200)
      expect(lagSeconds).toBeGreaterThan(0)
    }
    expect(await one.health()).toMatchObject([{ lagEvents: 0, lagSeconds: 0 }])
    const last = new Map<number, number>()
    for (const value of one.values
      .slice(from)
      .map(Number)
      .filter((number) => !Number.isNaN(number))) {
      expect(value).toBeGreaterThan(last.get(value % 100) ?? 0)
      last.set(value % 100, value)
    }
    expect(new Set(one.values.slice(from)).size).toBe(total + 1)
    // The same number again: memory that grew with what is sent would grow as much as before.
    memory.length = 0
    const samplingAgain = setInterval(() => memory.push(workerMegabytes()), 500)
    const before = one.received.length
    try {
      await stage.api.post(`${one.root}/replay`, { afterSequence: 0 })
      await waitUntil(() => one.received.length - before > total, 'the whole backlog again', 180_000)
    } finally {
      clearInterval(samplingAgain)
    }
    report(`57: at most ${Math.max(...memory)} MB while the same is sent again`)
    expect(Math.max(...memory)).toBeLessThan(most * 1.2)
  }, 400_000)

  it('24. keeps its memory while 300 answers of ten megabytes are not read to their end', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ floodBytes: 10_000_000 })
    await one.publish(...range(1, 30).map((value) => text(value)))
    await one.until(30)
    const before = workerMegabytes()
    const memory: number[] = []
    const sampling = setInterval(() => memory.push(workerMegabytes()), 200)
    try {
      await one.publish(...range(31, 330).map((value) => text(value)))
      await waitUntil(async () => (await one.health())?.[0]?.lagEvents === 0, 'all of them', 60_000)
    } finally {
      clearInterval(sampling)
    }
    report(`24: ${before} MB before 3 GB of answers, at most ${Math.max(...memory)} MB meanwhile`)
    expect(one.received).toHaveLength(330)
    expect(Math.max(...memory) - before).toBeLessThan(100)
  }, 90_000)

  it('53. leaves nine healthy endpoints as fast as they were beside one that hangs', async () => {
    const alone = await makeGroup()
    const beside = await makeGroup()
    await alone.round()
    await beside.round()
    const before = percentile([...(await alone.round()), ...(await beside.round())], 0.95)
    const hole = `${beside.one.path}-hole`
    stage.endpoints.script(hole, [{ fault: 'hang' }])
    await beside.one.subscribe({ url: stage.endpoints.url(hole), ordering: 'none' })
    await beside.round()
    await waitUntil(() => stage.endpoints.mostConcurrent(hole) === 6, 'six requests hang')
    const hangingSince = Date.now()
    const pairs: { alone: number; beside: number }[] = []
    // As many turns as there is time for: they end after fifteen seconds.
    for (let turn = 0; turn < 7 && Date.now() - hangingSince < 9000; turn++) {
      pairs.push({
        alone: percentile(await alone.round(), 0.95),
        beside: percentile(await beside.round(), 0.95),
      })
    }
    const ratio = percentile(
      pairs.map((pair) => pair.beside / pair.alone),
      0.5,
    )
    const p95 = percentile(
      pairs.map((pair) => pair.beside),
      0.5,
    )
    report(`53: p95 in ms, alone/beside: ${pairs.map((pair) => `${pair.alone}/${pair.beside}`).join(' ')}`)
    report(
      `53: before the hole ${before} ms, beside it ${p95} ms; ratio of the pairs, median ${ratio.toFixed(2)}`,
    )
    // The same six hung all the while.
    expect(pairs.length).toBeGreaterThanOrEqual(2)
    expect(Date.now() - hangingSince).toBeLessThan(15_000)
    expect(stage.endpoints.received(hole)).toHaveLength(6)
    expect(ratio).toBeLessThanOrEqual(1.2)
  }, 120_000)

  it('85. replays 10,000 within the rate limit; live events pass them', async () => {
    const total = 10_000
    const limit = 500
    const one = await stage.case({ ordering: 'none' })
    for (let sent = 0; sent < total; sent += 500)
      await one.publish(...range(sent + 1, sent + 500).map((value) => text(value)))
    await waitUntil(() => one.received.length === total, 'everything once', 60_000)
    await one.patch({ rateLimitPerSecond: limit })
    const asked = Date.now()
    await stage.api.post(`${one.root}/replay`, {})
    expect(Date.now() - asked).toBeLessThan(2000)
    await one.until(total + 200)
    const waits: number[] = []
    for (let live = 1; live <= 20; live++) {
      const value = `live ${live}`
      const publishedAt = Date.now()
      await one.publish(text(value))
      await waitUntil(() => one.values.slice(total).includes(value), value)
      const received = one.received.findLast(({ body }) => body.includes(`"${value}"`))
      waits.push((received?.at ?? 0) - publishedAt)
      await pause(200)
    }
    const meanwhile = await replayOf(one)
    expect(meanwhile).toMatchObject({ isDone: false, fromSequence: 1 })
    expect(meanwhile.position).toBeGreaterThan(200)
    const seen = [meanwhile]
    while (seen.at(-1)?.isDone !== true) {
      if (seen.length > 300) throw new Error(`the replay does not end: ${JSON.stringify(seen.at(-1))}`)
      await pause(250)
      seen.push(await replayOf(one))
    }
    // Who looks sees it come on, all the way, and that nothing was left out.
    expect(new Set(seen.map(({ position }) => position)).size).toBeGreaterThan(20)
    for (const key of ['position', 'delivered'] as const) {
      const values = seen.map((one) => one[key])
      expect(values).toEqual(values.toSorted((first, second) => first - second))
    }
    expect(seen.at(-1)).toMatchObject({ failed: 0, delivered: total })
    const times = one.received.slice(total).map(({ at }) => at)
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000
    const busiest = mostWithin(times, 1000)
    const best = mostWithin(times, 4000) / 4
    report(`85: replayed ${Math.round(total / seconds)}/s of ${limit}, ${best}/s over the best four seconds`)
    report(`85: at most ${busiest} in a second`)
    report(`85: live events came after ${percentile(waits, 0.5)} ms, at most ${Math.max(...waits)} ms`)
    expect(busiest).toBeLessThanOrEqual(limit * 1.1)
    // A machine that is busy with other things may not reach it all the time.
    expect(best).toBeGreaterThan(limit * 0.95)
    expect(percentile(waits, 0.9)).toBeLessThan(1000)
    expect(new Set(one.values.slice(total)).size).toBe(total + 20)
  }, 180_000)

  it('37. slows other deliveries too after a 429 without Retry-After', async () => {
    const one = await stage.case()
    one.scriptMatching('"limited"', { status: 429 }, { status: 200 })
    await one.publish(text('limited', '1'))
    const [first] = await one.until(1)
    await pause(200)
    await one.publish(text('other', '2'))
    const [, second] = await one.until(2)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1500)
  }, 60_000)
})

interface Progress {
  fromSequence: number
  position: number
  delivered: number
  isDone: boolean
}

async function replayOf(one: Case): Promise<Progress> {
  const { health } = await stage.api.get<{ health: { replay: Progress }[] }>(one.root)
  const [of] = health
  if (!of) throw new Error('the subscription shows no health')
  return of.replay
}

/** What a healthy endpoint takes to answer. */
const usualMs = 40

/** A session with nine healthy subscriptions; a round measures how long each event takes to each of them. */
async function makeGroup(): Promise<{ one: Case; round: () => Promise<number[]> }> {
  const one = await stage.case()
  const paths: string[] = [one.path]
  stage.endpoints.script(one.path, [{ delayMs: usualMs }])
  for (let count = 1; count < 9; count++) {
    const path = `${one.path}-${count}`
    stage.endpoints.script(path, [{ delayMs: usualMs }])
    await one.subscribe({ url: stage.endpoints.url(path) })
    paths.push(path)
  }
  let done = 0
  const round = async () => {
    const events = 40
    const times: number[] = []
    for (let sent = 0; sent < events; sent++) {
      times.push(Date.now())
      await one.publish(text(String(sent), String(sent)))
      await pause(10)
    }
    done += events
    await waitUntil(() => paths.every((path) => stage.endpoints.received(path).length === done), 'all to all')
    return paths.flatMap((path) =>
      stage.endpoints
        .received(path)
        .slice(-events)
        .map(({ at, body }) => {
          const { value } = JSON.parse(body) as { value: string }
          return at + usualMs - (times[Number(value)] ?? 0)
        }),
    )
  }
  return { one, round }
}
