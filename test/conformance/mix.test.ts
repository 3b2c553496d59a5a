import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../chaos/random.ts'
import type { RawLink } from '../bench/raw-link.ts'
import type { Received, Step } from '../support/endpoint-step.ts'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

/** `CHATLINK_MIX_SEED` plays another one. */
const seed = Number(process.env['CHATLINK_MIX_SEED'] ?? 1)
const stepsOfAll = 60
const mostCrashes = 2
const mostAtOnce = 400
const chats = ['1', '2', '3', '4', '5', '6', '7']
const answers: Step[][] = [
  [{}],
  [{ status: 500 }, {}],
  [{ status: 500 }],
  [{ status: 400 }, {}, {}, { status: 400 }, {}],
  [{ fault: 'reset' }, {}, {}],
  [{ delayMs: 200 }],
  [{ status: 503, headers: { 'retry-after': '1' } }, {}],
  [{ delayMs: 30 }, { delayMs: 1 }, { delayMs: 60, status: 500 }, {}, {}],
]

interface Player {
  one: Case
  link: RawLink
  laneOf: (chat: string, idEvent: string) => string
  changes: readonly Record<string, unknown>[]
  /** Lane by event, in the order of the log. */
  published: Map<string, string>
}

let stage: ConformanceStage
beforeAll(async () => {
  stage = await ConformanceStage.start({
    CHATLINK_RETRY_SCHEDULE: ['1,1,1,1', ...Array(30).fill('2')].join(','),
  })
})
afterAll(() => stage.stop())

async function play(random: Random, { one, link, laneOf, changes, published }: Player): Promise<void> {
  const chance = random.next()
  if (chance < 0.55) {
    const most = random.next() < 0.25 ? mostAtOnce : 30
    const chosen = Array.from({ length: 1 + Math.floor(random.next() * most) }, () => random.pick(chats))
    const events = chosen.map((chat) => ({ chat, event: text(`in ${chat}`, chat) }))
    for (const { chat, event } of events) published.set(event.idEvent, laneOf(chat, event.idEvent))
    link.commit(events.map(({ event }) => ({ idSession: one.idSession, ...event })))
    await link.drained()
  } else if (chance < 0.75) one.script(...random.pick(answers))
  else if (chance < 0.83) await one.patch(random.pick(changes))
  else if (chance < 0.89) {
    const part = random.pick([{ onlyFailed: true }, { afterSequence: Math.floor(published.size / 2) }])
    await stage.api.request('POST', `${one.root}/replay`, part)
  } else if (chance < 0.93) {
    const listed = await one.deliveries('limit=20')
    const idEvent = listed.length === 0 ? 'none' : random.pick(listed).idEvent
    await stage.api.request('POST', `${one.root}/deliveries/${idEvent}/retry`)
  } else await pause(random.next() * 500)
}

/** Whether every event is listed as delivered, and no replay runs. */
async function isSettled(one: Case): Promise<boolean> {
  for (const status of ['pending', 'failing', 'exhausted'])
    if ((await one.deliveries(`status=${status}`)).length > 0) return false
  const health = await one.health()
  return health?.every(({ lagEvents }) => lagEvents === 0) ?? false
}

/** Events in the order in which they were delivered first. */
function firstDeliveries(received: readonly Received[]): string[] {
  const good = received.filter(({ status }) => status === 200)
  return [...new Set(good.map(({ headers }) => headers['webhook-id'] ?? ''))]
}

function byLane(ids: Iterable<string>, published: ReadonlyMap<string, string>): Map<string, string[]> {
  const lanes = new Map<string, string[]>()
  for (const id of ids) {
    const lane = published.get(id) ?? 'unknown'
    lanes.set(lane, [...(lanes.get(lane) ?? []), id])
  }
  return lanes
}

it(`whatever happens, in any order, every event comes, in the order of its lane, and is listed so (seed ${seed})`, async () => {
  const random = new Random(seed)
  const usual: Record<string, unknown>[] = [
    { status: 'paused' },
    { status: 'enabled' },
    { headers: { 'x-mix': '1' } },
    { description: 'x' },
  ]
  const make = async (ordering: string, laneOf: Player['laneOf'], changes = usual): Promise<Player> => {
    const one = await stage.case({ ordering })
    return { one, link: one.link, laneOf, changes, published: new Map() }
  }
  const reorderings = [{ ordering: 'session' }, { ordering: 'chat' }]
  const players = [
    await make('chat', (chat) => chat),
    await make('session', () => 'session'),
    await make('none', (_chat, idEvent) => idEvent),
    await make('chat', (chat) => chat, [...usual, ...reorderings]),
  ]
  for (let step = 0, crashes = 0; step < stepsOfAll; step++) {
    await play(random, random.pick(players))
    if (crashes >= mostCrashes || random.next() > 0.05) continue
    crashes++
    await stage.crash()
    await stage.reconnect()
    for (const player of players) player.link = await stage.relink(player.link)
  }
  for (const { one, published } of players) {
    one.script({})
    await one.patch({ status: 'enabled' })
    await waitUntil(() => isSettled(one), 'all are listed as delivered', 90_000)
    const lanes = byLane(firstDeliveries(one.received), published)
    expect(lanes).toEqual(byLane(published.keys(), published))
  }
  const counts = players.map(({ one }) => one.received.length)
  for (const { one } of players) await stage.api.request('DELETE', one.root)
  await pause(1000)
  expect(players.map(({ one }) => one.received.length)).toEqual(counts)
}, 180_000)
