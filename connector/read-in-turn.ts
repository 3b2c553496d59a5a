import type { WASocket } from './baileys.ts'

type Read = (data: Uint8Array) => Promise<void>

/** How the cipher of the stream refuses what was not sent so; a frame may also be too short to hold a tag. */
function isCorrupt({ message, code }: NodeJS.ErrnoException): boolean {
  return message.includes('unable to authenticate data') || code === 'ERR_CRYPTO_INVALID_AUTH_TAG'
}

/**
 * Makes Baileys read what comes from WhatsApp piece by piece.
 *
 * By itself it begins with a piece before it is through with the one before: a stanza that came compressed is unpacked
 * aside, and those behind it overtake it. A frame that does not open it leaves out: what was in it would come only with
 * the next connection, behind all that was sent later. Here nothing is read any more after such a frame, and `onCorrupt`
 * is called, which is to cut the connection: WhatsApp then sends again from there on. What opens and cannot be made sense of
 * is told by `onError`, and reading goes on behind it.
 */
export function readInTurn(
  client: WASocket['ws'],
  { onCorrupt, onError }: { onCorrupt(): void; onError(error: Error): void },
): void {
  const [read, ...more] = client.listeners('message') as Read[]
  if (read === undefined || more.length > 0) {
    throw new Error(
      'this Baileys reads WhatsApp’s bytes elsewhere: their order cannot be kept, so nothing is connected',
    )
  }
  let isOver = false
  let turn = Promise.resolve()
  const readAll = async (data: Uint8Array) => {
    for (let rest = data; !isOver; rest = new Uint8Array()) {
      try {
        return await read(rest)
      } catch (error) {
        if (!isCorrupt(error as Error)) onError(error as Error)
        else {
          isOver = true
          onCorrupt()
        }
      }
    }
  }
  client.off('message', read)
  client.on('message', (data: Uint8Array) => {
    turn = turn.then(() => readAll(data))
  })
}
