import { putMeterAround, type Counter, type Counters, type Meter } from './metered.ts'
import type { BenchOptions } from './options.ts'
import { costOf, messagesPerRequest, type Usage } from './prices.ts'
import { Simulator } from './simulator.ts'
import { Sink } from './sink.ts'
import { describeState } from './state.ts'
import { table } from './stats.ts'
import { startWhole } from './whole-installation.ts'

const contacts = 20
const sessions = 5
/** Beyond the retention period, so that everything is forgotten. */
const forgetMs = 8 * 86_400_000
const sleepMs = 12_000
/** The size of so few does not show in pages of SQLite. */
const fewEvents = 300

interface Situation {
  name: string
  budget: string
  events: number
  run: () => Promise<unknown>
}

interface Account {
  events: number
  /** While the events came. */
  came: Counters
  /** While the alarms that stood behind them went off, and they were forgotten. */
  forgotten: Counters
}

/** What Cloudflare would bill: the whole way, its Durable Objects metered, in each situation in which events come. */
export async function measureCost({ messages, state, say, progress }: BenchOptions): Promise<void> {
  let received = 0
  const sink = await Sink.start(() => void received++)
  const simulator = await Simulator.start(contacts)
  const whole = await startWhole(simulator, state)
  const meter = await putMeterAround(whole.installation)
  const numbers: string[] = []
  while (numbers.length < sessions) numbers.push(await whole.link(`cost${numbers.length}`, sink.url))
  const [number] = numbers as [string]
  const each = async (ratePerSecond: number, count: number) =>
    Promise.all(numbers.map((one) => simulator.stream({ number: one, ratePerSecond, count })))
  const stream = (ratePerSecond: number, seconds: number): Situation => ({
    name: `${ratePerSecond}/s`,
    budget: '',
    events: ratePerSecond * seconds,
    run: () => simulator.stream({ number, ratePerSecond, count: ratePerSecond * seconds }),
  })
  const burst = (way: 'live' | 'backlog'): Situation => ({
    name: way === 'live' ? 'as fast as they come' : 'a backlog',
    budget: '2.5',
    events: messages,
    run: () => simulator.burst({ number, to: 'person', way, count: messages }),
  })
  const situations: Situation[] = [
    { name: 'first of a person', budget: '', events: sessions * contacts, run: () => each(0.8, contacts) },
    { name: 'lone', budget: '6', events: sessions * 8, run: () => each(0.8, 8) },
    { name: 'lone, objects asleep', budget: '6', events: sessions * 3, run: () => each(1000 / sleepMs, 3) },
    stream(50, 8),
    stream(300, 5),
    burst('live'),
    burst('backlog'),
  ]
  const accounts = new Map<Situation, Account>()
  for (const situation of situations) {
    progress(`cost of events: ${situation.name}`)
    if (situation.name.includes('asleep')) await new Promise((done) => setTimeout(done, sleepMs))
    accounts.set(situation, await take(meter, situation, () => received))
  }
  await whole.stop()
  await simulator.stop()
  sink.close()
  report(accounts, say)
  say(`\n${describeState(state)}`)
}

/** Counts from before the first event to after the last was delivered and forgotten. */
async function take(meter: Meter, { events, run }: Situation, received: () => number): Promise<Account> {
  const before = await withSizes(meter)
  const target = received() + events
  await run()
  for (let waits = 0; received() < target; waits++) {
    if (waits > 600) throw new Error(`${target - received()} of ${events} were not delivered`)
    await new Promise((done) => setTimeout(done, 100))
  }
  const after = await withSizes(meter)
  await meter.forget(forgetMs)
  const end = await meter.settled()
  return { events, came: difference(after, before), forgotten: difference(end, after) }
}

async function withSizes(meter: Meter): Promise<Counters> {
  const { Session, Dispatcher } = await meter.sizes()
  const counters = await meter.settled()
  counters.Session.bytes = Session.bytes
  counters.Dispatcher.bytes = Dispatcher.bytes
  return counters
}

function report(accounts: Map<Situation, Account>, say: (text: string) => void): void {
  const rows: string[][] = []
  const bills: string[][] = []
  for (const [{ name, budget }, account] of accounts) {
    const { Session } = account.came
    const ofDispatcher = sum(account.came.Dispatcher.written) + sum(account.forgotten.Dispatcher.written)
    const per = (count: number) => (count / account.events).toFixed(2)
    const { log = 0, event_index: ids = 0, keys = 0 } = Session.written
    // A table of the log is made for each part of it that is forgotten whole.
    const pruned = deletedRows(account) + (Session.written['tables'] ?? 0)
    const usage = usageOf(account)
    const other = usage.rowsWritten - log - ids - keys - pruned - ofDispatcher
    rows.push([
      name,
      (account.events / Math.max(log, 1)).toFixed(1),
      ...[ids, log, keys, ofDispatcher, other, pruned, usage.rowsWritten].map(per),
      budget,
    ])
    const cost = costOf(usage)
    const usd = (value: number) => ((value / account.events) * 1e6).toFixed(2)
    bills.push([
      name,
      per(usage.objectRequests + usage.messages / messagesPerRequest),
      `${(usage.activeMs / account.events).toFixed(1)} ms`,
      per(usage.rowsRead),
      account.events < fewEvents ? '' : `${Math.round(usage.bytes / account.events)} B`,
      ...[cost.rowsWritten, cost.requests, cost.duration, cost.rest, cost.total].map(usd),
    ])
  }
  const commit = 'events a commit'
  say('What Cloudflare would bill for an event with one subscription, counted on the whole way.\n')
  say(
    table(
      [
        'rows written per event',
        commit,
        'ids',
        'log',
        'keys',
        'Dispatcher',
        'other',
        'pruned',
        'all',
        'budget',
      ],
      rows,
    ),
  )
  say('')
  say(
    table(
      [
        'per event',
        'requests',
        'active',
        'rows read',
        'stored',
        'USD per million: rows',
        'requests',
        'duration',
        'rest',
        'all',
      ],
      bills,
    ),
  )
}

/** Rows of the log that were deleted one by one, and the alarms of all slices but the first, which any alarm takes with it. */
function deletedRows({ forgotten }: Account): number {
  const { log = 0, tables = 0, alarm = 0 } = forgotten.Session.written
  return log + tables + Math.max(0, alarm - sessions)
}

function usageOf(account: Account): Usage {
  const { Session, Dispatcher, workerRequests } = account.came
  const objects: Counter[] = [Session, Dispatcher, account.forgotten.Dispatcher]
  const total = (of: (counter: Counter) => number) => objects.reduce((all, counter) => all + of(counter), 0)
  return {
    workerRequests,
    objectRequests: total(({ requests }) => sum(requests)),
    messages: total(({ messages }) => messages),
    activeMs: total(({ activeMs }) => activeMs),
    rowsWritten: total(({ written }) => sum(written)) + deletedRows(account),
    rowsRead: total(({ read }) => sum(read)) + (account.forgotten.Session.read['log'] ?? 0),
    bytes: account.events < fewEvents ? 0 : Session.bytes + Dispatcher.bytes,
  }
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}

function difference<Counts>(after: Counts, before: Counts | undefined): Counts {
  if (typeof after === 'number') return (after - ((before as number | undefined) ?? 0)) as Counts
  const entries = Object.entries(after as object).map(([name, value]: [string, unknown]) => [
    name,
    difference(value, (before as Record<string, unknown> | undefined)?.[name]),
  ])
  return Object.fromEntries(entries) as Counts
}
