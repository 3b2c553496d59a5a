import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Link } from '../../connector/link.ts'
import { makeLog } from '../../connector/log.ts'
import { FakeWorker } from '../support/fake-worker.ts'

let worker: FakeWorker
beforeEach(async () => void (worker = await FakeWorker.start()))
afterEach(() => worker.close())

it('is told again more and more slowly, with a line in the log, when the Session throws at every frame', async () => {
  const session = worker.createSession()
  session.faults.isFailing = true
  const failedAt: number[] = []
  const lines: unknown[] = []
  const log = makeLog('silent')
  log.error = ((context: unknown, text: string) => lines.push({ ...(context as object), text })) as never
  const ignore = () => {}
  const handlers = { lost: ignore, acked: ignore, command: ignore, cancel: ignore, desire: ignore }
  const attached = new Promise<void>((resolve) => {
    session.onFailure = () => failedAt.push(performance.now())
    const link = new Link({
      workerUrl: worker.url,
      connectorToken: worker.token,
      masterKey: randomBytes(32),
      idConnector: 'connector',
      ref: session.ref,
      log,
      handlers: {
        ...handlers,
        attached: () => {
          link.end()
          resolve()
        },
        resumed: ignore,
        receiving: ignore,
        refused: ignore,
        ended: ignore,
      },
    })
  })
  await expect.poll(() => failedAt.length, { timeout: 10_000 }).toBe(6)
  const pauses = failedAt.slice(1).map((at, index) => at - failedAt[index]!)
  // Each doubles, give or take the half that is left to chance.
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(50 * 2 ** index - 5)
  expect(lines).toEqual(
    [1, 2, 4].map((times) => ({ times, text: expect.stringContaining('the Session fails') as string })),
  )
  session.faults.isFailing = false
  await attached
}, 20_000)

it('gathers the files that are awaited from all frames that name some, also when it resumes', async () => {
  const session = worker.createSession()
  const ids = ['1', '2', '3'].map((last) => `file_000000000000000000000${last}`)
  for (const idFile of ids) {
    session.entries.push({ event: { idEvent: idFile.replace('file', 'evt'), idFile }, source: 'c291cmNl' })
  }
  const attached: string[] = []
  const resumed: string[] = []
  const ignore = () => {}
  const link = new Link({
    workerUrl: worker.url,
    connectorToken: worker.token,
    masterKey: randomBytes(32),
    idConnector: 'connector',
    ref: session.ref,
    log: makeLog('silent'),
    handlers: {
      lost: ignore,
      acked: ignore,
      command: ignore,
      cancel: ignore,
      desire: ignore,
      receiving: ignore,
      refused: ignore,
      ended: ignore,
      attached: ({ files }) => void attached.push(...files.map(({ idFile }) => idFile)),
      resumed: ({ files }) => void resumed.push(...files.map(({ idFile }) => idFile)),
    },
  })
  await expect.poll(() => attached).toEqual(ids)
  session.cut()
  await expect.poll(() => resumed, { timeout: 10_000 }).toEqual(ids)
  link.end()
})
