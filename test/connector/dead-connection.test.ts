import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'performance', 'setInterval', 'clearInterval'],
    shouldAdvanceTime: true,
  })
})
// Registered before the stage's own, so that it runs after it.
afterEach(() => {
  vi.useRealTimers()
})

const stage = useStage()

/** Lets so many seconds pass; in each, what is under way on the network gets its time. */
async function passSeconds(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await vi.advanceTimersByTimeAsync(1000)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

it('notices within 30 s that nothing comes any more, though the socket stands, and connects anew', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const dead = phone.companion!.connection
  phone.freeze()
  await passSeconds(30)
  await session.wait((seen) => seen.reportsOf('reconnecting')[0])
  await session.wait((seen) => seen.reportsOf('connected')[1])
  expect(phone.companion!.connection).not.toBe(dead)
})

it('leaves a connection alone on which WhatsApp answers, however little is said', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const live = phone.companion!.connection
  await passSeconds(120)
  expect(session.reportsOf('reconnecting')).toEqual([])
  expect(phone.companion!.connection).toBe(live)
})
