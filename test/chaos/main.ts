import '../../connector/libsignal.ts'
import { readOptions } from '../../worker/host/command-line.ts'
import { playDrama } from './drama.ts'

function giveUp(error: unknown): never {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
}

function readWishes() {
  try {
    return readOptions({
      minutes: { type: 'string', default: '2' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      sessions: { type: 'string', default: '4' },
      only: { type: 'string' },
      rate: { type: 'string', default: '20' },
    })
  } catch (error) {
    return giveUp(error)
  }
}

const values = readWishes()
const startedAt = Date.now()
const say = (text: string) => {
  process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${text}\n`)
}

say(`seed ${values.seed}: repeat with npm run chaos -- --minutes ${values.minutes} --seed ${values.seed}`)
const verdict = await playDrama({
  seed: Number(values.seed),
  seconds: Number(values.minutes) * 60,
  sessions: Number(values.sessions),
  messagesPerSecond: Number(values.rate),
  only: values.only,
  say,
})
const faults = Object.fromEntries(
  Object.entries(verdict).filter((entry): entry is [string, string[]] => Array.isArray(entry[1])),
)
say(
  JSON.stringify({
    ...verdict,
    ...Object.fromEntries(Object.entries(faults).map(([name, list]) => [name, list.length])),
  }),
)
for (const [name, list] of Object.entries(faults))
  for (const entry of list.slice(0, 20)) say(`${name}: ${entry}`)
const isClean = Object.values(faults).every((list) => list.length === 0) && verdict.badSignatures === 0
say(isClean ? 'Nothing was lost, doubled or out of order.' : 'ChatLink has failed.')
process.exit(isClean ? 0 : 1)
