import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'

/** The largest thing that is unpacked: a chunk of history has some megabytes. */
export const maxInflatedBytes = 64 * 1024 * 1024

/**
 * Bounds what Baileys unpacks: stanzas and history come compressed, and a few kilobytes can hold gigabytes. Importing this
 * file wraps `inflate` and `createInflate` for the whole process; beyond `maxInflatedBytes` they fail.
 */
const { inflate, createInflate } = zlib

type Callback = (error: Error | null, result: Buffer) => void

const boundedInflate = (
  input: zlib.InputType,
  given: zlib.ZlibOptions | Callback,
  callback?: Callback,
): void => {
  const options = typeof given === 'function' ? {} : given
  inflate(
    input,
    { ...options, maxOutputLength: Math.min(options.maxOutputLength ?? maxInflatedBytes, maxInflatedBytes) },
    typeof given === 'function' ? given : callback!,
  )
}

const boundedCreateInflate = (options?: zlib.ZlibOptions): zlib.Inflate => {
  const stream = createInflate(options)
  const push = stream.push.bind(stream)
  let bytes = 0
  stream.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    bytes += chunk?.length ?? 0
    if (bytes <= maxInflatedBytes) return push(chunk, encoding)
    stream.destroy(new RangeError(`more than ${maxInflatedBytes} bytes come out of a compressed stream`))
    return false
  }
  return stream
}

for (const [name, value] of Object.entries({
  inflate: boundedInflate,
  createInflate: boundedCreateInflate,
})) {
  Object.defineProperty(zlib, name, { value })
}
syncBuiltinESMExports()
