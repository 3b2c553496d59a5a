import { setTimeout as wait } from 'node:timers/promises'
import type { SessionRef } from '../schema/link.ts'
import { stalled } from './close-cause.ts'
import type { Config } from './config.ts'
import { Link } from './link.ts'
import type { LinkHandlers } from './link-handlers.ts'
import { makeLastLog, type Log } from './log.ts'
import { findStallSite } from './stall-site.ts'

/** So often within `stallWindowMs` a session may make its process stall; then it is stopped. */
export const maxStalls = 3
export const stallWindowMs = 3_600_000
/** How long the Worker has to take the note. */
const noteMs = 5000
const stallType = 'stalls'

type Attached = Parameters<LinkHandlers['attached']>[0]

/**
 * Says in the log that this process has stalled and where, and notes it with the session on whose behalf it did. The note
 * is kept with the account's keys, so it is known wherever the session runs next: a message that stalls whoever reads it
 * takes the sessions beside it along three times, and no more.
 */
export async function noteStall(config: Config): Promise<void> {
  const log = makeLastLog(config.logLevel)
  const { ref, stack } = (await findStallSite()) ?? { stack: [] }
  const { idSession, idTenant } = ref ?? {}
  log.fatal(
    { idSession, idTenant, stalledMs: config.maxStallMs, stack },
    'this connector stands still and is ended; its sessions run on elsewhere, or here when it is started again',
  )
  if (ref !== undefined) await Promise.race([noteWithSession(ref, config, log), wait(noteMs)])
}

/** Takes the session's link from the thread that stalls, and leaves it to whoever runs it next. */
async function noteWithSession(ref: SessionRef, config: Config, log: Log): Promise<void> {
  const attached = Promise.withResolvers<Attached>()
  const nothing = () => {}
  const link = new Link({
    ...config,
    ref,
    log,
    handlers: {
      attached: attached.resolve,
      resumed: nothing,
      lost: nothing,
      acked: nothing,
      command: nothing,
      cancel: nothing,
      receiving: nothing,
      desire: nothing,
      refused: nothing,
      ended: nothing,
    },
  })
  const times = [...readStalls(await attached.promise, Date.now() - stallWindowMs), Date.now()]
  const isStopped = times.length >= maxStalls
  const value = isStopped ? null : Buffer.from(JSON.stringify(times))
  link.record({
    keys: [{ type: stallType, id: '', value }],
    ...(isStopped && { reports: [{ report: 'stopped', ...stalled }] }),
  })
  if (isStopped) log.error({ idSession: ref.idSession, idTenant: ref.idTenant }, stalled.reasonText)
  await link.flush(noteMs)
}

function readStalls({ keys, cipher }: Attached, since: number): number[] {
  const kept = keys.find(({ type }) => type === stallType)
  if (kept === undefined) return []
  const plain = cipher.open(stallType, '', Buffer.from(kept.value, 'base64'))
  return (JSON.parse(plain.toString()) as number[]).filter((time) => time > since)
}
