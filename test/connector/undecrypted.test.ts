import { afterEach, expect, it, vi } from 'vitest'
import { Gate, type RawSocket } from '../../connector/gate.ts'
import { Undecrypted } from '../../connector/undecrypted.ts'
import type { SeenStanza } from '../../connector/inbox.ts'
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

it('counts each message until it is decrypted', () => {
  const undecrypted = new Undecrypted()
  const [one, other] = [stanza(), stanza()]
  undecrypted.add(one, [Buffer.alloc(1000), Buffer.alloc(500)])
  undecrypted.add(other, [Buffer.alloc(100)])
  expect(undecrypted.bytes).toBe(1500 + 100 + 2 * 512)
  undecrypted.settle(one)
  undecrypted.settle(one)
  expect(undecrypted.bytes).toBe(100 + 512)
  undecrypted.clear()
  undecrypted.settle(other)
  expect(undecrypted.bytes).toBe(0)
})

it('counts what is left out until a later one is decrypted', () => {
  const undecrypted = new Undecrypted()
  const [leftOut, next, last] = [stanza(), stanza(), stanza()]
  for (const each of [leftOut, next, last]) undecrypted.add(each, [Buffer.alloc(1000)])
  undecrypted.settle(next)
  expect(undecrypted.bytes).toBe(1512)
  undecrypted.settle(leftOut)
  expect(undecrypted.bytes).toBe(1512)
})

/** A gate in front of a socket that only tells whether it is read. */
function makeGate(undecrypted: Undecrypted) {
  const raw = { isPaused: false, isExceeded: false }
  const socket: RawSocket = {
    readyState: 1,
    send: () => {},
    pause: () => (raw.isPaused = true),
    resume: () => (raw.isPaused = false),
    terminate: () => {},
    addEventListener: () => {},
  }
  const durability = { lastChange: 0, ackedChange: 0, uncommittedBytes: 0 }
  const limits = { maxHoldMs: 10_000, maxUncommittedBytes: 1000 }
  const onExceeded = () => (raw.isExceeded = true)
  return { raw, gate: new Gate({ raw: socket, durability, undecrypted, limits, onExceeded }) }
}

it('lets more in when decrypting stands still, and reads on at once when it goes on', () => {
  vi.useFakeTimers()
  const undecrypted = new Undecrypted()
  const { raw, gate } = makeGate(undecrypted)
  const large = stanza()
  undecrypted.add(large, [Buffer.alloc(5000)])
  gate.regulate()
  expect(raw.isPaused).toBe(true)
  vi.advanceTimersByTime(2000)
  expect(raw.isPaused).toBe(false)
  undecrypted.add(stanza(), [Buffer.alloc(20_000)])
  gate.regulate()
  expect(raw.isPaused).toBe(true)
  const rest = stanza()
  undecrypted.add(rest, [Buffer.alloc(50_000)])
  undecrypted.settle(large)
  expect(raw.isPaused).toBe(true)
  undecrypted.clear()
  undecrypted.add(rest, [])
  undecrypted.settle(rest)
  expect(raw).toEqual({ isPaused: false, isExceeded: false })
  gate.close()
})

it('ends the connection when sixty-four times the bound waits and nothing is decrypted', () => {
  vi.useFakeTimers()
  const undecrypted = new Undecrypted()
  const { raw, gate } = makeGate(undecrypted)
  undecrypted.add(stanza(), [Buffer.alloc(64_000)])
  gate.regulate()
  vi.advanceTimersByTime(999)
  expect(raw.isExceeded).toBe(false)
  vi.advanceTimersByTime(1)
  expect(raw.isExceeded).toBe(true)
  gate.close()
})

it('counts what waits however long it waits, so that no more than the bound is ever let in', () => {
  vi.useFakeTimers()
  const undecrypted = new Undecrypted()
  const { raw, gate } = makeGate(undecrypted)
  undecrypted.add(stanza(), [Buffer.alloc(40_000)])
  gate.regulate()
  vi.advanceTimersByTime(20_000)
  expect(raw).toEqual({ isPaused: false, isExceeded: false })
  undecrypted.add(stanza(), [Buffer.alloc(60_000)])
  gate.regulate()
  vi.advanceTimersByTime(1000)
  expect(raw.isExceeded).toBe(true)
  gate.close()
})
