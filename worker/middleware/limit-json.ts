import { bodyLimit } from 'hono/body-limit'
import { maxJsonBytes } from '../../openapi/limits.ts'
import { ApiError } from '../api-error.ts'

/** Refuses JSON bodies that are larger than `maxJsonBytes`. */
export function limitJson() {
  return bodyLimit({
    maxSize: maxJsonBytes,
    onError: () => {
      throw new ApiError('bodyTooLarge', `Send at most ${maxJsonBytes} bytes of JSON.`)
    },
  })
}
