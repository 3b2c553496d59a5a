/**
 * Loaded into each connector before all else: its wall clock is wrong by as many milliseconds as a file says, which is read
 * at the start and at each SIGUSR2. Timers and `performance.now()` go on, as they do when somebody sets a machine's clock.
 */
import { readFileSync } from 'node:fs'

const file = process.env['CHAOS_CLOCK']
const RealDate = Date
let offsetMs = 0

function read(): void {
  try {
    offsetMs = Number(readFileSync(file!, 'utf8'))
  } catch {
    offsetMs = 0
  }
}

if (file !== undefined) {
  read()
  process.on('SIGUSR2', read)
  const now = () => RealDate.now() + offsetMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (Real, given) =>
      (given.length === 0 ? new Real(now()) : Reflect.construct(Real, given)) as Date,
    get: (Real, name) => (name === 'now' ? now : Reflect.get(Real, name)),
  })
}
