import type { Config } from './config.ts'
import { FleetClient } from './fleet.ts'
import { IntakeBudget } from './intake-budget.ts'
import { isolate, isolatedHere } from './isolation.ts'
import { LinkingMemory } from './linking-memory.ts'
import { makeLog } from './log.ts'
import { startWatchdog } from './watchdog.ts'

/** Runs a connector in this process. Who imports this loads Baileys and puts its remedies in place. */
export async function runConnector(config: Config): Promise<FleetClient> {
  const log = makeLog(config.logLevel)
  const { hasRemedies } = await import('./baileys.ts')
  const { Session } = await import('./session.ts')
  if (!hasRemedies()) {
    process.stderr.write('libsignal’s remedies are not in place: wrong signatures would be accepted\n')
    process.exit(1)
  }
  process.on('unhandledRejection', (error) => {
    log.warn(
      { error: error instanceof Error ? error.message : String(error) },
      'a rejection nobody waited for',
    )
  })
  process.on('uncaughtException', (error) => {
    const session = isolatedHere()
    if (session !== undefined) return session.fail(error)
    log.fatal({ error: error.message, stack: error.stack }, 'this connector ends: its state is unknown')
    process.exit(1)
  })
  log.info({ idConnector: config.idConnector, worker: config.workerUrl }, 'connector')
  startWatchdog(config, log)
  const memory = new LinkingMemory()
  const budget = new IntakeBudget(config.maxProcessBytes)
  const onLinked = () => memory.noteLinked()
  return new FleetClient({
    config,
    log,
    startSession: (ref, onEnded) =>
      isolate(() => new Session({ ref, config, log, budget, onEnded, onLinked })),
  })
}
