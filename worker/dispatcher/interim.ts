import type { Bounded } from './deadlines.ts'

/** More than this in front of the final answer's body is no answer. */
const maxHeadCharacters = 64 * 1024

/**
 * The final answer behind interim ones (RFC 9110, 15.2). Cloudflare's network skips these itself; workerd takes the first for
 * the answer, and hands over all that follows as its body, without an end. So the final answer is read from there, with as
 * much of its body as comes along, and the connection is not used again.
 */
export async function readBehindInterim(response: Response, bounded: Bounded): Promise<Response> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let final: Response | null = null
  while (final === null) {
    const next = reader && (await bounded.wait(reader.read()))
    if (!next || next.done || text.length > maxHeadCharacters)
      throw new Error('no answer behind an interim one')
    text += decoder.decode(next.value, { stream: true })
    final = readFinal(text)
  }
  bounded.end()
  return final
}

/** Reads an answer as it came, leaving out interim ones; null while its head is not complete. */
function readFinal(text: string): Response | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [start = '', ...lines] = text.slice(0, end).split('\r\n')
  const rest = text.slice(end + 4)
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(start)?.[1])
  if (Number.isNaN(status)) throw new Error('what stands behind an interim answer is none')
  if (status < 200) return readFinal(rest)
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  const hasBody = ![204, 205, 304].includes(status)
  return new Response(hasBody ? rest : null, { status, headers })
}
