import { afterEach, expect, it, vi } from 'vitest'
import type { SeenStanza } from '../../connector/inbox.ts'
import { IntakeBudget } from '../../connector/intake-budget.ts'
import { Intake } from '../../connector/intake.ts'
import { Undecrypted } from '../../connector/undecrypted.ts'
import { Connection } from '../whatsapp/connection.ts'
import { child } from '../whatsapp/node.ts'
import { useStage } from './harness.ts'

const stage = useStage()

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const messageBytes = 400_000
const messages = 60
const mebibyte = 1024 * 1024

/** Sends a burst of large messages to a linked session; resolves with the most that waited undecrypted in memory. */
async function receiveBurst(maxUncommittedBytes: number): Promise<number> {
  let most = 0
  const add = Undecrypted.prototype.add
  vi.spyOn(Undecrypted.prototype, 'add').mockImplementation(function (this: Undecrypted, ...given) {
    add.apply(this, given)
    most = Math.max(most, this.bytes)
  })
  const first = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const friend = stage.whatsapp.createContact({ number: '34600001000', name: 'Ana' })
  await friend.send(phone, { text: 'one' })
  await session.wait(({ events }) => events[0])
  await first.stop()
  stage.startConnector({ maxUncommittedBytes })
  await session.wait((seen) => seen.reportsOf('connected')[1])
  await friend.send(phone, { text: 'two' })
  await session.wait(({ events }) => events[1])
  // The first message of a stranger waits for a pre-key, which the Session has, and all others wait behind it.
  session.faults.delayMs = 700
  const stranger = stage.whatsapp.createContact({ number: '34600001001', name: 'Eva' })
  const ids = Array.from({ length: messages }, (_, index) => `BURST${index}`)
  const text = 'x'.repeat(messageBytes)
  await Promise.all(ids.map((id) => stranger.send(phone, { text }, { id })))
  const arrived = () => session.events.map(({ idMessage }) => idMessage).slice(2)
  await expect.poll(() => arrived().length, { timeout: 15_000 }).toBe(messages)
  await expect.poll(() => phone.pending, { timeout: 10_000 }).toEqual([])
  expect(arrived()).toEqual(ids)
  return most
}

it('reads no more of WhatsApp while much of what came is not decrypted, and all of it in the end', async () => {
  expect(await receiveBurst(mebibyte / 4)).toBeLessThan(mebibyte + 3 * messageBytes)
})

it('would hold much more in memory without the bound', async () => {
  expect(await receiveBurst(1024 * mebibyte)).toBeGreaterThan(8 * mebibyte)
})

const stanza = (): SeenStanza => ({ node: { tag: 'message', attrs: {} }, proof: '' })

/** Intake from a socket that only tells whether it is read. */
function makeIntake(budget = new IntakeBudget(mebibyte)) {
  const seen = { isPaused: false, isExceeded: false }
  const undecrypted = new Undecrypted()
  const durability = { uncommittedBytes: 0 }
  const intake = new Intake({
    raw: { pause: () => (seen.isPaused = true), resume: () => (seen.isPaused = false) },
    durability,
    gate: { heldBytes: 0 },
    undecrypted,
    maxUncommittedBytes: 1000,
    budget,
    onExceeded: () => (seen.isExceeded = true),
  })
  const isReadWith = (uncommittedBytes: number) => {
    durability.uncommittedBytes = uncommittedBytes
    intake.regulate()
    return !seen.isPaused
  }
  return { seen, undecrypted, intake, isReadWith }
}

it('stops reading above the bound of uncommitted bytes, and reads on below half of it', () => {
  const { intake, isReadWith } = makeIntake()
  expect([1000, 1001, 500, 499].map(isReadWith)).toEqual([true, false, false, true])
  intake.close()
})

it('lets more in when decrypting stands still, and reads on at once when it goes on', () => {
  vi.useFakeTimers()
  const { seen, undecrypted, intake } = makeIntake()
  const large = stanza()
  undecrypted.add(large, [Buffer.alloc(5000)])
  intake.regulate()
  expect(seen.isPaused).toBe(true)
  vi.advanceTimersByTime(2000)
  expect(seen.isPaused).toBe(false)
  undecrypted.add(stanza(), [Buffer.alloc(20_000)])
  intake.regulate()
  expect(seen.isPaused).toBe(true)
  const rest = stanza()
  undecrypted.add(rest, [Buffer.alloc(50_000)])
  undecrypted.settle(large)
  expect(seen.isPaused).toBe(true)
  undecrypted.clear()
  undecrypted.add(rest, [])
  undecrypted.settle(rest)
  expect(seen).toEqual({ isPaused: false, isExceeded: false })
  intake.close()
})

it('ends the connection when sixty-four times the bound waits and nothing is decrypted', () => {
  vi.useFakeTimers()
  const { seen, undecrypted, intake } = makeIntake()
  undecrypted.add(stanza(), [Buffer.alloc(64_000)])
  intake.regulate()
  vi.advanceTimersByTime(999)
  expect(seen.isExceeded).toBe(false)
  vi.advanceTimersByTime(1)
  expect(seen.isExceeded).toBe(true)
  intake.close()
})

it('counts what waits however long it waits, so that no more than the bound is ever let in', () => {
  vi.useFakeTimers()
  const { seen, undecrypted, intake } = makeIntake()
  undecrypted.add(stanza(), [Buffer.alloc(40_000)])
  intake.regulate()
  vi.advanceTimersByTime(20_000)
  expect(seen).toEqual({ isPaused: false, isExceeded: false })
  undecrypted.add(stanza(), [Buffer.alloc(60_000)])
  intake.regulate()
  vi.advanceTimersByTime(1000)
  expect(seen.isExceeded).toBe(true)
  intake.close()
})

it('leaves the sessions unread that have more than their share while all together have too much', () => {
  const budget = new IntakeBudget(1500)
  const [large, other, small] = [makeIntake(budget), makeIntake(budget), makeIntake(budget)]
  expect([small.isReadWith(100), other.isReadWith(600), large.isReadWith(800)]).toEqual([true, true, true])
  expect([small.isReadWith(101), other.isReadWith(600), large.isReadWith(800)]).toEqual([true, false, false])
  expect(budget.totalBytes).toBe(1501)
  expect([other.isReadWith(499), large.isReadWith(800)]).toEqual([true, false])
  large.isReadWith(900)
  small.isReadWith(200)
  other.intake.close()
  expect(budget.totalBytes).toBe(1100)
  expect(large.isReadWith(499)).toBe(true)
  for (const { intake } of [large, small]) intake.close()
  expect(budget.totalBytes).toBe(0)
})

it('excuses one session at a time whose decrypting stands still', () => {
  vi.useFakeTimers()
  const budget = new IntakeBudget(1000)
  const all = [makeIntake(budget), makeIntake(budget)]
  const [first, second] = all as [(typeof all)[0], (typeof all)[0]]
  for (const { undecrypted, intake } of all) {
    undecrypted.add(stanza(), [Buffer.alloc(1000)])
    intake.regulate()
  }
  vi.advanceTimersByTime(3000)
  const areRead = () => all.map(({ seen }) => !seen.isPaused)
  expect(areRead()).toEqual([true, false])
  first.undecrypted.clear()
  first.intake.regulate()
  second.undecrypted.add(stanza(), [Buffer.alloc(1000)])
  vi.advanceTimersByTime(3000)
  expect(areRead()).toEqual([true, true])
  for (const { intake } of all) intake.close()
})

it('connects again when it had to leave WhatsApp in the login, and nothing was there to be stored', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await expect.poll(() => phone.pending).toEqual([])
  let isFull = true
  vi.spyOn(Undecrypted.prototype, 'bytes', 'get').mockImplementation(() => (isFull ? 1024 * mebibyte : 0))
  const send = Connection.prototype.send
  vi.spyOn(Connection.prototype, 'send').mockImplementation(function (this: Connection, stanza) {
    // Without this answer a client is not logged in.
    if (!isFull || child(stanza, 'digest') === undefined) send.call(this, stanza)
  })
  phone.dropConnection()
  await expect.poll(() => phone.isConnected).toBe(true)
  await expect.poll(() => phone.isConnected, { timeout: 5000 }).toBe(false)
  isFull = false
  await session.wait((seen) => seen.reportsOf('connected')[1])
})

/** Several sessions receive much while the Worker stores nothing; resolves with the most that all had at a time. */
async function receiveTogether(maxProcessBytes: number): Promise<number> {
  const connector = stage.startConnector({ maxProcessBytes })
  const friend = stage.whatsapp.createContact({ number: '34600001000', name: 'Ana' })
  const linked = []
  for (const number of ['34911000001', '34911000002', '34911000003', '34911000004']) {
    const { session, phone } = await stage.linkSession(number)
    await friend.send(phone, { text: 'one' })
    await session.wait(({ events }) => events[0])
    linked.push({ session, phone })
  }
  let most = 0
  const mayRead = IntakeBudget.prototype.mayRead
  vi.spyOn(IntakeBudget.prototype, 'mayRead').mockImplementation(function (this: IntakeBudget, ...given) {
    const answer = mayRead.apply(this, given)
    most = Math.max(most, this.totalBytes)
    return answer
  })
  for (const { session } of linked) session.faults.isFrozen = true
  const ids = Array.from({ length: 30 }, (_, index) => `BURST${index}`)
  const text = 'x'.repeat(100_000)
  await Promise.all(
    linked.flatMap(({ phone }) => ids.map(async (id) => friend.send(phone, { text }, { id }))),
  )
  let before = -1
  const hasSettled = () => before === (before = connector.budget.totalBytes)
  await expect.poll(hasSettled, { timeout: 5000, interval: 300 }).toBe(true)
  for (const { session } of linked) session.thaw()
  for (const { session } of linked) {
    const arrived = () => session.events.map(({ idMessage }) => idMessage).slice(1)
    await expect.poll(() => arrived().length, { timeout: 30_000 }).toBe(ids.length)
    expect(arrived()).toEqual(ids)
  }
  for (const { phone } of linked) await expect.poll(() => phone.pending, { timeout: 10_000 }).toEqual([])
  await expect.poll(() => connector.budget.totalBytes).toBeLessThan(10_000)
  return most
}

it('has no more than twice the bound of the process in memory, and reads all in the end', async () => {
  const atOnce = 4 * 2 * 100_000
  expect(await receiveTogether(mebibyte / 2)).toBeLessThan(mebibyte + atOnce)
}, 60_000)

it('would have more without the bound of the process', async () => {
  expect(await receiveTogether(1024 * mebibyte)).toBeGreaterThan(3 * mebibyte)
}, 60_000)
