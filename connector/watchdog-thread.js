import { workerData } from 'node:worker_threads'

/**
 * The thread that `watchdog.ts` starts. JavaScript, because a thread of TypeScript takes 10 MiB more; what it needs when
 * something has stalled is loaded only then.
 *
 * Time is counted in ticks of this thread, not read from a clock: none pass while the whole process is frozen, or the
 * machine sleeps.
 */
const tickMs = 500

/** @type {import('./watchdog.ts').WatchdogData} */
const { beats, config } = workerData
let lastBeat = -1
let stillTicks = 0

const watch = setInterval(() => {
  const beat = Atomics.load(beats, 0)
  stillTicks = beat === lastBeat && Atomics.load(beats, 1) === 0 ? stillTicks + 1 : 0
  lastBeat = beat
  if (stillTicks * tickMs < config.maxStallMs) return
  clearInterval(watch)
  void endProcess()
}, tickMs)

/** Says what has happened as far as it can be found out, and ends the process in any case. */
async function endProcess() {
  try {
    const { noteStall } = await import('./stall.ts')
    await noteStall(config)
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}
