import { parseConfig } from './config.ts'
import { ConnectorProcesses, maxProcesses, nameOfProcess, parseArguments } from './processes.ts'

const drainMs = 15_000
const { env } = process

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}

const args = parseArguments(process.argv.slice(2))
if (!args.ok) refuse(args.problem)
const isSupervisor = args.processes > 1
const name = isSupervisor
  ? nameOfProcess(env['CHATLINK_CONNECTOR_ID'], maxProcesses - 1)
  : env['CHATLINK_CONNECTOR_ID']
const parsed = parseConfig({ ...env, CHATLINK_CONNECTOR_ID: name })
if (!parsed.ok) refuse(parsed.problem)

let stop: () => Promise<void>
if (isSupervisor) {
  const connectors = new ConnectorProcesses(args.processes, env)
  stop = async () => connectors.stop(drainMs + 2000)
  connectors.start()
} else {
  const { runConnector } = await import('./run.ts')
  const fleet = await runConnector(parsed.config)
  stop = async () => fleet.drain(drainMs)
  // One of several, whose supervisor is gone.
  process.on('disconnect', () => void end())
}

let isStopping = false
async function end(): Promise<void> {
  if (isStopping) return
  isStopping = true
  await stop()
  process.exit(0)
}
process.on('SIGTERM', () => void end())
process.on('SIGINT', () => void end())
