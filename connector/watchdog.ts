import { url as debuggerUrl } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import type { Config } from './config.ts'
import { isolatedHere } from './isolation.ts'
import type { Log } from './log.ts'

const beatMs = 500
/** The watchdog asks this function of the stalled thread, which it has halted, on whose behalf it stands still. */
export const sessionHere = 'chatlink.sessionHere'

export interface WatchdogData {
  /** First how often the event loop has turned, then whether somebody looks at it with a debugger. */
  beats: Int32Array
  config: Config
}

/**
 * Watches this thread's event loop from a thread of its own: when it has not turned for `maxStallMs`, be it for a loop
 * without end or a call that does not return, nothing here can help itself any more, and the process is ended. Whoever
 * started it starts it again. What it had not committed was not confirmed to WhatsApp either, so nothing is lost.
 */
export function startWatchdog(config: Config, log: Log): void {
  const beats = new Int32Array(new SharedArrayBuffer(8))
  Object.assign(globalThis, { [Symbol.for(sessionHere)]: () => isolatedHere()?.ref })
  const workerData: WatchdogData = { beats, config }
  const thread = new Worker(new URL('watchdog-thread.js', import.meta.url), { workerData })
  thread.unref()
  thread.on('error', ({ message }) => {
    log.error({ error: message }, 'the watchdog has failed: should this process stand still, nobody ends it')
  })
  setInterval(() => {
    Atomics.add(beats, 0, 1)
    Atomics.store(beats, 1, debuggerUrl() === undefined ? 0 : 1)
  }, beatMs).unref()
}
