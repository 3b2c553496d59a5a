import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { writeResult } from './document.ts'
import type { BenchOptions } from './options.ts'

/** Each part is loaded when it runs: the parts need different processes and nothing of each other. */
const parts: Record<string, (options: BenchOptions) => Promise<void>> = {
  worker: async (options) => (await import('./worker-part.ts')).measureWorker(options),
  cost: async (options) => (await import('./cost-part.ts')).measureCost(options),
  log: async (options) => (await import('./log-part.ts')).measureLog(options),
  connector: async (options) => (await import('./connector-part.ts')).measureConnector(options),
  idle: async (options) => (await import('./idle-part.ts')).measureIdle(options),
  whole: async (options) => (await import('./whole-part.ts')).measureWhole(options),
  loss: async (options) => (await import('./loss-part.ts')).measureLoss(options),
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '20000' },
    'log-events': { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '200' },
    messages: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    state: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((name) => !(name in parts))
if (unknown.length > 0) {
  process.stderr.write(
    `There is no part ${unknown.join(', ')}. Choose from ${Object.keys(parts).join(', ')}.\n`,
  )
  process.exit(1)
}

// An ordinary exit takes the processes with it that the parts have started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const startedAt = performance.now()
const progress = (text: string) => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)
  process.stderr.write(`${seconds} s  ${text}\n`)
}
const load = () => loadavg()[0]!.toFixed(1)

for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const before = load()
  const result: string[] = []
  const say = (text: string) => {
    result.push(text)
    process.stdout.write(`${text}\n`)
  }
  await parts[name]!({
    events: Number(values.events),
    logEvents: Number(values['log-events']),
    rate: Number(values.rate),
    messages: Number(values.messages),
    rounds: Number(values.rounds),
    profile: values.profile,
    state: values.state,
    say,
    progress,
  })
  const day = new Date().toISOString().slice(0, 10)
  say(`\n${day}, ${cpus().length} cores, load average ${before} before and ${load()} after.\n`)
  if (values.write) writeResult(name, result.join('\n'))
}
process.exit(0)
