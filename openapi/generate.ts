import { readFileSync, writeFileSync } from 'node:fs'
import { buildDocument } from './document.ts'

const file = new URL('openapi.json', import.meta.url)
const text = `${JSON.stringify(buildDocument(), null, 2)}\n`

if (!process.argv.includes('--check')) {
  writeFileSync(file, text)
} else if (readFileSync(file, 'utf8') !== text) {
  console.error('openapi/openapi.json differs from its sources: run `npm run openapi` and commit it.')
  process.exit(1)
}
