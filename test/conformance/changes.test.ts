import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../chaos/random.ts'
import type { Step } from '../support/endpoint-step.ts'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

/** What an endpoint may do while everything about its subscription changes; at the end it is well. */
const moods: Step[] = [
  { status: 200 },
  { status: 500 },
  { status: 503 },
  { status: 302 },
  { fault: 'reset' },
  { status: 200, delayMs: 50 },
]
const turns = 60
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

let stage: ConformanceStage

beforeAll(async () => {
  // Long enough that nothing is given up before the endpoints are well.
  stage = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: Array(40).fill('1').join(',') })
})

afterAll(async () => {
  await stage?.stop()
})

it.concurrent.each(range(1, 8))(
  `38, 41. loses nothing when URL, ordering, rate, status and secret change while retries wait (seed ${seed}, part %s)`,
  async (part) => {
    const random = new Random(seed + Number(part))
    const one = await stage.case()
    const paths = [one.path, `${one.path}-other`]
    let published = 0
    for (let turn = 0; turn < turns; turn++) {
      for (const path of paths) {
        if (random.next() < 0.3) stage.endpoints.script(path, [random.pick(moods)])
      }
      published += await change(one, paths, random, published)
    }
    for (const path of paths) stage.endpoints.script(path, [{ status: 200 }])
    await one.patch({ status: 'enabled', rateLimitPerSecond: null })
    await waitUntil(async () => (await one.health())?.[0]?.state === 'idle', 'all is settled', 40_000)
    const received = paths.flatMap((path) => stage.endpoints.received(path))
    const good = received.filter(({ status }) => status === 200)
    const values = new Set(good.map(({ body }) => (JSON.parse(body) as { value: string }).value))
    expect(range(1, published).filter((value) => !values.has(value))).toEqual([])
    // Whatever was sent for an event, was sent with the same bytes.
    const bodies = new Map<string | undefined, Set<string>>()
    for (const { headers, body } of received) {
      const id = headers['webhook-id']
      bodies.set(id, (bodies.get(id) ?? new Set()).add(body))
    }
    expect([...bodies.values()].every(({ size }) => size === 1)).toBe(true)
  },
  90_000,
)

/** Changes one thing, or publishes some events: how many. */
async function change(
  one: Case,
  paths: readonly string[],
  random: Random,
  published: number,
): Promise<number> {
  const kind = random.next()
  if (kind < 0.4) {
    const values = range(published + 1, published + 5)
    await one.publish(...values.map((value) => text(value, String(Number(value) % 4))))
    return values.length
  }
  if (kind < 0.5) await one.patch({ ordering: random.pick(['chat', 'session', 'none']) })
  else if (kind < 0.6) await one.patch({ url: stage.endpoints.url(random.pick(paths)) })
  else if (kind < 0.7) await one.patch({ status: random.pick(['paused', 'enabled']) })
  else if (kind < 0.75) await one.patch({ rateLimitPerSecond: random.pick([null, 5, 100]) })
  else if (kind < 0.8) {
    await stage.api.post(`${one.root}/rotate-secret`, { overlapSeconds: random.pick([0, 10]) })
  } else if (kind < 0.85) {
    // Refused while it is paused, or while one runs.
    await stage.api.request('POST', `${one.root}/replay`, random.pick([{}, { onlyFailed: true }]))
  } else if (kind < 0.9) {
    const [failing] = await one.deliveries('status=failing')
    if (failing) await stage.api.request('POST', `${one.root}/deliveries/${failing.idEvent}/retry`)
  } else await pause(300)
  return 0
}
