import type { Stage } from '../support/stage.ts'
import type { Ledger } from './ledger.ts'
import { promptMs } from './ratchets.ts'
import type { Timeline } from './timeline.ts'

interface Scene {
  stage: Stage
  ledger: Ledger
  timeline: Timeline
}

/** What has not arrived although it had its time, session by session: what the API says of it, and the log since then. */
export async function describeMissing({ stage, ledger, timeline }: Scene): Promise<string[]> {
  const missing = Map.groupBy(ledger.missing(), ({ idSession }) => idSession)
  const told = [...missing].map(async ([idSession, sent]) => {
    const ids = sent.slice(0, 5).map(({ id }) => id)
    const view = await stage.api
      .get<{ sequence: number }>(`/v1/sessions/${idSession}`)
      .catch((error: Error) => ({ sequence: 0, error: error.message }))
    const after = Math.max(0, view.sequence - 1000)
    const { events } = await stage.api
      .get<{ events: Record<string, unknown>[] }>(
        `/v1/sessions/${idSession}/events?after=${after}&limit=1000`,
      )
      .catch(() => ({ events: [] }))
    const logged = ids.filter((id) => events.some(({ idMessage }) => idMessage === id))
    const log = timeline.lines(Date.now() - 2 * promptMs, Date.now(), [idSession, 'warn', 'error', ...ids])
    return [
      `${sent.length} messages of ${idSession} take long: ${ids.join(', ')} …`,
      `among the last thousand of the log: ${logged.join(', ') || 'none'}`,
      JSON.stringify(view),
      ...log.slice(-100),
    ].join('\n      ')
  })
  return Promise.all(told)
}
