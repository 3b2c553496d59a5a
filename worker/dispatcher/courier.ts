import { WorkerEntrypoint } from 'cloudflare:workers'
import { readConfig, type Env } from '../env.ts'
import { userAgent } from '../user-agent.ts'
import { attempt } from './attempt.ts'
import { Deadlines } from './deadlines.ts'
import { Errand, type ErrandRequest, type Report } from './errand.ts'
import { targetPolicyOf } from './target.ts'

/**
 * Sends events for a Dispatcher that has many at hand, and remembers nothing. A Durable Object's requests cost a third more
 * than those of a stateless Worker, because each of them passes the object's gates; a call to here passes them once for all.
 */
export class Courier extends WorkerEntrypoint<Env> {
  /** `report` is called when something takes long; the answer is what has not been reported before. */
  run(request: ErrandRequest, report: (report: Report) => Promise<void>): Promise<Report> {
    const { destination, timeoutMs } = request
    const policy = targetPolicyOf(readConfig(this.env))
    const deadlines = new Deadlines('endedWithTheCall')
    const errand = new Errand(request, ({ idEvent, body }, now) =>
      attempt({ destination, idEvent, body, userAgent, policy, timeoutMs, now }, deadlines),
    )
    return errand.run(report)
  }
}
