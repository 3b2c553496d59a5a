import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Gate } from '../../connector/gate.ts'
import type { RawSocket } from '../../connector/raw-socket.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A gate whose Worker has not acknowledged the first change yet, in front of a socket that tells what happens to it. */
function makeGate() {
  const seen = { sent: 0, isExceeded: false }
  const sentBytes: number[] = []
  const raw: RawSocket = {
    readyState: 1,
    send: (data) => {
      seen.sent += 1
      sentBytes.push(data[0] ?? 0)
    },
    pause: () => {},
    resume: () => {},
    terminate: () => {},
    addEventListener: () => {},
  }
  const durability = { lastChange: 1, ackedChange: 0 }
  const limits = { maxHoldMs: 10_000, maxUncommittedBytes: 1000 }
  const onExceeded = () => (seen.isExceeded = true)
  const gate = new Gate({ raw, durability, limits, onExceeded })
  return { seen, sentBytes, raw, durability, gate }
}

it('ends the connection when more than four times the bound is held, and lets nothing of it go', () => {
  const { seen, raw, gate } = makeGate()
  raw.send(Buffer.alloc(4000))
  expect(seen.isExceeded).toBe(false)
  raw.send(Buffer.alloc(1))
  expect(seen).toMatchObject({ isExceeded: true, sent: 0 })
  gate.close()
})

it('ends the connection when a frame has been held for too long, not when one was let go in time', () => {
  const { seen, raw, durability, gate } = makeGate()
  raw.send(Buffer.alloc(1))
  vi.advanceTimersByTime(9000)
  durability.ackedChange = 1
  gate.release()
  durability.lastChange = 2
  raw.send(Buffer.alloc(1))
  vi.advanceTimersByTime(9999)
  expect(seen).toMatchObject({ isExceeded: false, sent: 1 })
  vi.advanceTimersByTime(1)
  expect(seen).toMatchObject({ isExceeded: true, sent: 1 })
  gate.close()
})

it('holds no longer when the clock is set back meanwhile', () => {
  const { seen, raw, gate } = makeGate()
  raw.send(Buffer.alloc(1))
  vi.setSystemTime(Date.now() - 3_600_000)
  vi.advanceTimersByTime(9999)
  expect(seen.isExceeded).toBe(false)
  vi.advanceTimersByTime(1)
  expect(seen.isExceeded).toBe(true)
  gate.close()
})

it('lets go what was handed over before the last acknowledged change, in order, and nothing that came after it', () => {
  const { sentBytes, raw, durability, gate } = makeGate()
  raw.send(Buffer.from([1]))
  durability.lastChange = 2
  raw.send(Buffer.from([2]))
  durability.ackedChange = 1
  gate.release()
  expect(sentBytes).toEqual([1])
  durability.ackedChange = 2
  raw.send(Buffer.from([3]))
  expect(sentBytes).toEqual([1])
  gate.release()
  expect(sentBytes).toEqual([1, 2, 3])
  gate.close()
})

it('counts the age of the oldest frame that is still held, and only bytes that are', () => {
  const { seen, raw, durability, gate } = makeGate()
  raw.send(Buffer.alloc(4000))
  vi.advanceTimersByTime(6000)
  durability.lastChange = 2
  raw.send(Buffer.alloc(0))
  durability.ackedChange = 1
  gate.release()
  expect(gate.heldBytes).toBe(0)
  raw.send(Buffer.alloc(4000))
  expect(seen.isExceeded).toBe(false)
  vi.advanceTimersByTime(9999)
  expect(seen.isExceeded).toBe(false)
  vi.advanceTimersByTime(1)
  expect(seen.isExceeded).toBe(true)
  gate.close()
})

it('sends nothing once it is closed: neither what was held nor what is handed over later', () => {
  const { seen, raw, durability, gate } = makeGate()
  raw.send(Buffer.alloc(1))
  gate.close()
  expect(gate.heldBytes).toBe(0)
  durability.ackedChange = 1
  gate.release()
  raw.send(Buffer.alloc(1))
  expect(seen.sent).toBe(0)
})
