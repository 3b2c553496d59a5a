import { readFileSync, writeFileSync } from 'node:fs'
import { writeReference } from './reference.ts'

const pages = { 'webhook.md': writeReference('en'), 'webhook.es.md': writeReference('es') }

for (const [name, text] of Object.entries(pages)) {
  const file = new URL(name, import.meta.url)
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text)
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/${name} differs from schema/: run \`npm run docs\` and commit it.`)
    process.exitCode = 1
  }
}
