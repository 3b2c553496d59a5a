import type { z } from 'zod'
import { maxFrameBytes } from '../schema/link.ts'

/** Takes a connector's socket into an object, by the hibernation API. */
export function acceptSocket(ctx: DurableObjectState): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  ctx.acceptWebSocket(server)
  return new Response(null, { status: 101, webSocket: client })
}

/** Reads a frame; a text says what is wrong with it. */
export function readFrame<Frame>(schema: z.ZodType<Frame>, data: string | ArrayBuffer): Frame | string {
  if (typeof data !== 'string') return 'frames are JSON text'
  if (data.length > maxFrameBytes) return `a frame is over ${maxFrameBytes} bytes`
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch {
    return 'the frame is not JSON'
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return issue ? `${issue.path.map(String).join('.')}: ${issue.message}` : 'the frame does not fit its schema'
}

/** Closes with a reason cut to the 123 bytes that a close frame holds. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason.replaceAll(/[^\x20-\x7e]/g, "'").slice(0, 120))
  } catch {
    // Closed already.
  }
}
