import { parseConfig } from './config.ts'
import { FleetClient } from './fleet.ts'
import { makeLog } from './log.ts'

const drainMs = 15_000

const parsed = parseConfig(process.env)
if (!parsed.ok) {
  process.stderr.write(`${parsed.problem}\n`)
  process.exit(1)
}
const { config } = parsed
const log = makeLog(config.logLevel)

const { hasRemedies } = await import('./baileys.ts')
const { Session } = await import('./session.ts')
if (!hasRemedies()) {
  process.stderr.write('libsignal’s remedies are not in place: wrong signatures would be accepted\n')
  process.exit(1)
}

process.on('unhandledRejection', (error) => {
  log.warn({ error: error instanceof Error ? error.message : String(error) }, 'a rejection nobody waited for')
})
process.on('uncaughtException', (error) => {
  log.fatal({ error: error.message, stack: error.stack }, 'this connector ends: its state is unknown')
  process.exit(1)
})

log.info({ idConnector: config.idConnector, worker: config.workerUrl }, 'connector')
const fleet = new FleetClient({
  config,
  log,
  startSession: (ref, onEnded) => new Session({ ref, config, log, onEnded }),
})

let isStopping = false
async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  log.info('handing the sessions back')
  await fleet.drain(drainMs)
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
