import { expect, it } from 'vitest'
import { useStage } from './harness.ts'
import type { FakeSession } from '../support/fake-session.ts'

const stage = useStage()

/** Somebody who scans whatever QR is shown, each time with another phone, until the session is connected. */
async function linkSomehow(session: FakeSession): Promise<void> {
  const scanned = new Set(session.reportsOf('qr').map(({ qr }) => qr))
  const connectedBefore = session.reportsOf('connected').length
  const isConnected = () => session.reportsOf('connected').length > connectedBefore
  const shown = () => session.reportsOf('qr').findLast(({ qr }) => !scanned.has(qr))?.qr
  for (let count = 0; count < 3; count += 1) {
    await session.wait(() => isConnected() || shown() !== undefined)
    const qr = shown()
    if (isConnected() || qr === undefined) return
    scanned.add(qr)
    const phone = stage.whatsapp.createPhone({ number: `3491200000${count}`, name: 'The Shop' })
    await phone.scan(qr)
    await session.wait(isConnected)
  }
}

const moments = [1, 2, 3, 4, 5, 6].flatMap((commits) => [
  { commits, isLastAcknowledged: true },
  { commits, isLastAcknowledged: false },
])

it.each(moments)(
  'is linked, or asks for a new QR, when its connector dies at commit $commits of the linking (heard of it: $isLastAcknowledged)',
  async ({ commits, isLastAcknowledged }) => {
    const first = stage.startConnector()
    const session = stage.worker.createSession()
    const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
    Object.assign(session.faults, { commitsLeft: commits, isLastAcknowledged })
    const phone = stage.whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
    void phone.scan(qr).catch(() => undefined)
    await expect.poll(() => session.faults.isFrozen || phone.isConnected, { timeout: 5000 }).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 300))
    Object.assign(session.faults, { isFrozen: false, commitsLeft: undefined })
    session.supersede()
    await expect.poll(() => first.fleet.running).toEqual([])
    stage.startConnector()
    await linkSomehow(session)
    expect(session.reportsOf('loggedOut')).toEqual([])
  },
  30_000,
)
