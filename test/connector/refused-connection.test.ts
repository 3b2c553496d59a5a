import { expect, it } from 'vitest'
import { useStage } from './harness.ts'

const stage = useStage()

/** So many tries fit into three seconds of growing pauses: at 0, 0.25, 0.75, 1.75 s at the earliest. */
const mostTries = 5
const watchMs = 3000

const pause = (ms: number) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

it.each(['503', '515'])(
  'tries less and less often when every login ends with %s, and keeps the account',
  async (reason) => {
    stage.startConnector()
    const { session, phone } = await stage.linkSession()
    const { world } = stage.whatsapp
    phone.loginFailure = reason
    const before = world.attempts
    phone.dropConnection()
    await pause(watchMs)
    expect(world.attempts - before).toBeGreaterThan(1)
    expect(world.attempts - before).toBeLessThanOrEqual(mostTries)
    phone.loginFailure = undefined
    await session.wait((seen) => seen.reportsOf('connected')[1])
    expect(session.reportsOf('reconnecting')).toHaveLength(1)
  },
)

it.each(['401', '515'])('tries less and less often when every registration ends with %s', async (reason) => {
  const { world } = stage.whatsapp
  world.registrationFailure = reason
  stage.startConnector()
  const session = stage.worker.createSession()
  await pause(watchMs)
  expect(world.attempts).toBeGreaterThan(1)
  expect(world.attempts).toBeLessThanOrEqual(mostTries + 1)
  world.registrationFailure = undefined
  await session.wait((seen) => seen.reportsOf('qr')[0])
})

it('tries less and less often when every connection is ended as soon as it is open', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ending = setInterval(() => {
    if (phone.isConnected) phone.companion?.connection?.endWithStreamError('515')
  }, 5)
  await pause(watchMs)
  clearInterval(ending)
  expect(session.reportsOf('reconnecting').length).toBeLessThanOrEqual(mostTries + 1)
})

it.each([401, 503])(
  'keeps the account, and tries again soon, when it is turned away with HTTP %i',
  async (status) => {
    stage.startConnector()
    const { session, phone } = await stage.linkSession()
    const { world } = stage.whatsapp
    world.upgradeRefusal = status
    const before = world.attempts
    phone.dropConnection()
    await expect.poll(() => world.attempts - before, { timeout: 5000 }).toBeGreaterThan(2)
    world.upgradeRefusal = undefined
    await session.wait((seen) => seen.reportsOf('connected')[1])
    expect(session.reportsOf('loggedOut')).toEqual([])
  },
)
