import { probePort } from '../../worker/host/port.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import { createActors, sendOne, type Actor } from './actors.ts'
import { breakThings } from './breaker.ts'
import { Histories } from './history.ts'
import { Ledger } from './ledger.ts'
import { Linking } from './linking.ts'
import { MemoryWatch, type Memory } from './memory.ts'
import { describeMissing } from './missing.ts'
import { Outages } from './outages.ts'
import { Outgoing } from './outgoing.ts'
import { Proxy } from './proxy.ts'
import { Random } from './random.ts'
import { findDeadRatchets, promptMs } from './ratchets.ts'
import { findNeedless, type Needless } from './repeats.ts'
import { SmallDisk } from './small-disk.ts'
import { Subscriber } from './subscriber.ts'
import { timeOf, Timeline } from './timeline.ts'
import { WrongClock } from './wrong-clock.ts'

export interface DramaOptions {
  seed: number
  seconds: number
  sessions: number
  messagesPerSecond: number
  /** Only harms whose name holds this. */
  only?: string | undefined
  say(text: string): void
}

export interface Verdict {
  received: number
  sent: number
  wronglySent: string[]
  harms: Record<string, number>
  lost: string[]
  split: string[]
  disorder: string[]
  /** How long after the last breakdown everything had arrived. */
  healedMs: number
  /** The longest time that this process, in which WhatsApp and the subscriber live, stood still. */
  longestStandstillMs: number
  /** Webhooks that came again, and those of them for which there was no need. */
  duplicates: number
  needless: string[]
  badSignatures: number
  repeatedActions: string[]
  deadRatchets: string[]
  /** Messages encrypted with a counter that another was encrypted with. */
  reusedCounters: string[]
  /** Sessions linked meanwhile, QRs scanned for it, and what could not be linked. */
  linked: { sessions: number; scans: number }
  unlinked: string[]
  /** Pieces of history shared, and those that left nothing behind. */
  histories: number
  lostHistory: string[]
  /** The most that a part took, in MiB. */
  memory: Memory
  excesses: string[]
  /** What the simulated WhatsApp did not understand. */
  unknownStanzas: string[]
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Runs the real processes, breaks them at random while messages flow, lets them heal, and judges what arrived. */
export async function playDrama(options: DramaOptions): Promise<Verdict> {
  const { seed, seconds, sessions, messagesPerSecond, say } = options
  const random = new Random(seed)
  const port = await probePort('127.0.0.1', 0)
  const proxy = await Proxy.start(port)
  const disk = SmallDisk.mount()
  const timeline = new Timeline()
  const clock = new WrongClock()
  const stage = await startStage({
    port,
    print: (label, line) => timeline.log(label, line),
    environment: {
      LOG_LEVEL: 'info',
      ...clock.environment,
      CHATLINK_RETRY_SCHEDULE: '1,1,1,1,1,2,2,2,2,2,5,5,5,5,5,5,5',
      CHATLINK_CONNECTORS: '2',
      CHATLINK_URL: proxy.url,
      ...(disk && { CHATLINK_DATA: `${disk.directory}/data` }),
    },
  }).catch((error: unknown) => {
    disk?.unmount()
    timeline.stop()
    clock.remove()
    throw error
  })
  try {
    const ledger = new Ledger()
    const subscriber = new Subscriber(stage.receiver, ledger)
    const idSubscription = await stage.subscribe({ events: ['*'], includeHistory: true })
    const actors = await createActors(stage, sessions, 4)
    const memory = new MemoryWatch(stage, say)
    const burst = { left: 0 }
    const outages = new Outages()
    const histories = new Histories(stage, ledger)
    const until = Date.now() + seconds * 1000
    const breaking = { isOver: false }
    const harming = breakThings(
      {
        only: options.only,
        random: new Random(seed + 1),
        disk,
        stage,
        actors,
        proxy,
        subscriber,
        clock,
        burst,
        outages,
        histories,
        timeline,
      },
      until,
      say,
    ).finally(() => (breaking.isOver = true))
    const outgoing = new Outgoing(stage)
    const sending = collectErrors(
      actors.map((actor) => outgoing.send(actor, until, (2000 * sessions) / messagesPerSecond)),
    )
    const linking = new Linking(stage, histories)
    const linkingAll = linking.run(until)
    for (let count = 0; !breaking.isOver; count++) {
      await sendOne(random.pick(actors), random, ledger, count)
      // The subscriber lives in this process, too: in a burst it is to see at once what comes.
      if (burst.left > 0) {
        burst.left -= 1
        await pause(0)
      } else await pause(1000 / messagesPerSecond)
    }
    const harms = await harming
    const refused = await sending
    await linkingAll
    say(`${ledger.sentCount} messages in, ${outgoing.count} out; waiting for what is still on its way`)
    const brokenUntil = Date.now()
    const allArrived = () => ledger.missing().length === 0
    await waitUntil('all arrived', allArrived, promptMs).catch(async () => {
      for (const text of await describeMissing({ stage, ledger, timeline })) say(text)
      await waitUntil('all arrived', allArrived, 70_000).catch(() => undefined)
    })
    const healedMs = Date.now() - brokenUntil
    const deadRatchets = await findDeadRatchets({ stage, ledger, timeline }, actors)
    const unlinked = await linking.judge(ledger)
    const lostHistory = await histories.judge()
    memory.stop()
    const needless = findNeedless(ledger, outages)
    return {
      received: ledger.sentCount,
      sent: outgoing.count,
      wronglySent: [...refused, ...(await outgoing.judge())],
      harms,
      lost: ledger.missing().map(({ idSession, chat, id }) => `${idSession}/${chat}/${id}`),
      split: ledger.split(),
      healedMs,
      longestStandstillMs: timeline.longestStandstillMs,
      disorder: ledger.disorder().map((text) => text + explainOrder(actors, text)),
      duplicates: ledger.repeats.length,
      needless: await Promise.all(
        needless.map((each) => explainRepeat({ stage, ledger, timeline, idSubscription }, each)),
      ),
      badSignatures: ledger.badSignatures,
      repeatedActions: findRepeatedActions(ledger),
      deadRatchets,
      reusedCounters: stage.whatsapp.world.counters.reused,
      linked: linking.counts,
      unlinked,
      histories: histories.count,
      lostHistory,
      memory: memory.peaks,
      excesses: memory.excesses(),
      unknownStanzas: stage.whatsapp.unknownStanzas.map((node) => JSON.stringify(node).slice(0, 300)),
    }
  } finally {
    disk?.free()
    proxy.close()
    await stage.close()
    disk?.unmount()
    timeline.stop()
    clock.remove()
  }
}

/** A session that connects says so once each time: two `connected` in a row without anything between are one too many. */
function findRepeatedActions(ledger: Ledger): string[] {
  const bySequence = new Map<string, number>()
  const wrong: string[] = []
  for (const event of ledger.events()) {
    const key = `${event.idSession}/${String(event['sequence'])}`
    bySequence.set(key, (bySequence.get(key) ?? 0) + 1)
  }
  for (const [key, count] of bySequence) if (count > 1) wrong.push(`two events have the sequence ${key}`)
  const actions = ledger.events().filter(({ messageType }) => messageType === 'sessionUpdate')
  for (const action of ['started', 'stopped', 'loggedOut', 'destroyed'])
    for (const idSession of new Set(actions.map((event) => event.idSession))) {
      const count = actions.filter(
        (event) => event.idSession === idSession && event['action'] === action,
      ).length
      if (count > (action === 'started' ? 1 : 0)) wrong.push(`${idSession}: ${count} × ${action}`)
    }
  return wrong
}

/** Which of the messages that a line names were asked for again. */
function explainOrder(actors: Actor[], text: string): string {
  const again = actors.flatMap(({ phone }) => [...(phone.companion?.askedAgain ?? [])])
  const named = again.filter((id) => text.includes(id))
  return named.length > 0 ? `; asked for again: ${named.join(', ')}` : ''
}

/** What went wrong in work that goes on side by side. */
async function collectErrors(work: Promise<void>[]): Promise<string[]> {
  const ends = await Promise.allSettled(work)
  return ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as Error).message] : []))
}

/** A webhook that came again without need, with all that is known of its attempts and of what was broken then. */
async function explainRepeat(
  scene: { stage: Stage; ledger: Ledger; timeline: Timeline; idSubscription: string },
  { text, repeat }: Needless,
): Promise<string> {
  if (repeat === undefined) return text
  const { stage, ledger, timeline, idSubscription } = scene
  const { idEvent, firstAt, againAt } = repeat
  const event = ledger.event(idEvent)
  const path = `/v1/subscriptions/${idSubscription}/deliveries/${idEvent}`
  return [
    text,
    `${event?.messageType} ${String(event?.['idMessage'] ?? event?.['action'])}, sequence ${String(event?.['sequence'])}`,
    `came ${ledger
      .attemptsOf(idEvent)
      .map(({ at, status }) => `${timeOf(at)} (${status ?? 'no answer'})`)
      .join(', ')}`,
    `GET ${path}: ${await stage.api.get(path).then(JSON.stringify, String)}`,
    ...timeline.lines(firstAt - 10_000, againAt + 1000, ['ended (', 'warn', 'error']).slice(-150),
  ].join('\n      ')
}
