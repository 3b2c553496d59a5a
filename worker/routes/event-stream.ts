import { maxStreamRounds, streamHeartbeatSeconds } from '../../schema/api/event.ts'
import type { MessageType } from '../../schema/event/event.ts'
import { readMessageType, readSequence } from '../session/event-line.ts'
import type { EventPage } from '../session/log-reader.ts'

/** What a stream needs of a Session. */
export interface EventSource {
  listEvents(options: { after: number; limit: number; types?: string[] | undefined }): Promise<EventPage>
  awaitEvents(options: { after: number; waitSeconds: number }): Promise<{ head: number }>
}

const pageEvents = 100
const encoder = new TextEncoder()

/**
 * The log from `after` on, and what comes, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Pulled: while the client does not read, nothing is asked for and nothing gathers. It ends with the session, when the
 * client goes or may not read any more, and after `maxStreamRounds`; whoever comes back with the last `id` misses nothing.
 */
export function streamEvents(
  source: EventSource,
  after: number,
  types: MessageType[] | undefined,
  mayRead: () => Promise<boolean>,
): ReadableStream<Uint8Array> {
  let position = after
  let rounds = 0
  const read = async () => {
    const page = await source.listEvents({ after: position, limit: pageEvents, types })
    if (page.ok) position = page.nextAfter
    return page
  }
  return new ReadableStream(
    {
      start: (controller) => controller.enqueue(encoder.encode('retry: 2000\n\n')),
      async pull(controller) {
        let page = await read()
        if (page.ok && page.lines.length === 0 && !page.hasMore) {
          await source.awaitEvents({ after: position, waitSeconds: streamHeartbeatSeconds })
          page = await read()
        }
        if (!page.ok || ++rounds > maxStreamRounds || !(await mayRead())) return controller.close()
        // A comment when there is nothing to tell: a client that has gone is noticed only by writing to it.
        const text = page.lines.length > 0 ? page.lines.map(writeEvent).join('') : ':\n\n'
        controller.enqueue(encoder.encode(text))
      },
    },
    { highWaterMark: 0 },
  )
}

function writeEvent(line: string): string {
  return `id: ${readSequence(line)}\nevent: ${readMessageType(line)}\ndata: ${line}\n\n`
}
