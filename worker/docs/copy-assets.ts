import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Puts Scalar's script among the Worker's assets; wrangler runs it before each build. */
const source = createRequire(import.meta.url).resolve('@scalar/api-reference')
copyFileSync(
  new URL('browser/standalone.js', `file://${source}`),
  new URL('../assets/scalar.js', import.meta.url),
)
