import { StartProblem } from './start-problem.ts'
import type { SupervisedProcess } from './supervised-process.ts'

const readyWithinMs = 60_000
const maxEndsBeforeReady = 3

export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url)
  await response.body?.cancel()
  return response.ok
}

export async function hasConnector(url: string, adminToken: string): Promise<boolean> {
  const response = await fetch(`${url}/v1/connectors`, { headers: { authorization: `Bearer ${adminToken}` } })
  const { connectors } = (await response.json()) as { connectors: unknown[] }
  return connectors.length > 0
}

export async function waitUntilReady(
  part: SupervisedProcess,
  isReady: () => Promise<boolean>,
  abort: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + readyWithinMs
  while (!(await isReady().catch(() => false))) {
    if (abort.aborted) throw new StartProblem('Stopped before it was ready.')
    if (part.ends >= maxEndsBeforeReady || Date.now() > deadline) {
      throw new StartProblem(`The ${part.label} does not get ready. Its lines above say why.`)
    }
    await new Promise((done) => setTimeout(done, 100))
  }
}
