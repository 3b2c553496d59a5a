import type { WASocket } from './baileys.ts'

/** What WhatsApp answers when there is no picture, or none for this account. */
const absent = new Set([401, 403, 404])

/** Where WhatsApp has somebody's picture; null when there is none to be seen. Rejects when WhatsApp cannot be asked. */
export async function findPicture(
  socket: Pick<WASocket, 'profilePictureUrl'>,
  jid: string,
): Promise<string | null> {
  try {
    const url = await socket.profilePictureUrl(jid, 'image')
    return url !== undefined && URL.canParse(url) ? url : null
  } catch (error) {
    const { output, data } = error as { output?: { statusCode?: number }; data?: unknown }
    if (absent.has(Number(data)) || absent.has(output?.statusCode ?? 0)) return null
    throw error
  }
}
