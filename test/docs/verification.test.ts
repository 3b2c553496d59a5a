import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readSigningKeys, sign } from '../../worker/dispatcher/sign.ts'
import { probePort } from '../../worker/host/port.ts'
import { waitUntil } from '../support/wait.ts'

/** Runs the examples of docs/delivery.md as they stand there, each against what the Dispatcher's own signer has signed. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const document = readFileSync(new URL('../../docs/delivery.md', import.meta.url), 'utf8')
const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
const otherSecret = `whsec_${Buffer.from('fedcba9876543210fedcba9876543210').toString('base64')}`
const rawBody = '{"messageType":"conversation","value":"¿Qué tal? 👩‍👩‍👧 \\u2028 12345678901234567890"}'

interface Delivery {
  headers: Record<string, string>
  rawBody: string
}

interface Language {
  name: string
  fence: string
  runtime: string
  version: string[]
  /** A command that ends with 0 only if the example accepts the delivery in the variables of its environment. */
  command: (example: string) => string[]
}

const languages: Language[] = [
  {
    name: 'JavaScript',
    fence: 'js',
    runtime: process.execPath,
    version: ['--version'],
    command: (example) => [
      '--input-type=module',
      '--eval',
      `const headers = JSON.parse(process.env.HEADERS), rawBody = process.env.BODY
${example}
if (event.messageType !== 'conversation') process.exit(1)`,
    ],
  },
  {
    name: 'Python',
    fence: 'python',
    runtime: 'python3',
    version: ['--version'],
    command: (example) => [
      '-c',
      `${example}
import json, os, sys
body = os.environb[b"BODY"]
sys.exit(0 if verify(os.environ["WEBHOOK_SECRET"], json.loads(os.environ["HEADERS"]), body) else 1)`,
    ],
  },
  {
    name: 'PHP',
    fence: 'php',
    runtime: 'php',
    version: ['--version'],
    command: (example) => [
      '-r',
      `${example}
exit(verify(getenv('WEBHOOK_SECRET'), json_decode(getenv('HEADERS'), true), getenv('BODY')) ? 0 : 1);`,
    ],
  },
  {
    name: 'plain HMAC by openssl',
    fence: 'sh',
    runtime: 'openssl',
    version: ['version'],
    command: (example) => ['-c', example],
  },
]

function findExample(fence: string): string {
  const found = document.matchAll(new RegExp(`^\`\`\`${fence}\n(.*?)^\`\`\`$`, 'gms'))
  const examples = Array.from(found, ([, example]) => example ?? '')
  if (examples.length !== 1) throw new Error(`docs/delivery.md has ${examples.length} blocks of ${fence}`)
  return examples[0] ?? ''
}

function makeDelivery(secrets: string[], at = Date.now()): Delivery {
  const timestamp = Math.floor(at / 1000)
  const keys = readSigningKeys(secrets.map((secret) => ({ secret })))
  return {
    headers: {
      'webhook-id': 'evt_3fT8yKx1PqLm5nRz0vBcWd',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': sign(keys, at, 'evt_3fT8yKx1PqLm5nRz0vBcWd', timestamp, rawBody),
    },
    rawBody,
  }
}

function accepts(language: Language, { headers, rawBody: body }: Delivery): boolean {
  const runtime = language.fence === 'sh' ? 'sh' : language.runtime
  const { status, error } = spawnSync(runtime, language.command(findExample(language.fence)), {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      WEBHOOK_SECRET: secret,
      HEADERS: JSON.stringify(headers),
      BODY: body,
      ID: headers['webhook-id'],
      TIMESTAMP: headers['webhook-timestamp'],
      SIGNATURES: headers['webhook-signature'],
    },
    timeout: 15_000,
  })
  if (error) throw error
  return status === 0
}

const isHere = ({ runtime, version }: Language) => spawnSync(runtime, version).status === 0
const here = languages.filter(isHere)
const missing = languages.filter((language) => !here.includes(language))

describe(`the examples of docs/delivery.md${missing.map(({ name }) => `, without ${name}: its runtime is not here`).join('')}`, () => {
  it('are one for each language, and JavaScript can always be run', () => {
    for (const { fence } of languages) expect(findExample(fence)).not.toBe('')
    expect(here.map(({ name }) => name)).toContain('JavaScript')
  })

  describe.each(here)('$name', (language) => {
    it('accepts what ChatLink has signed', () => {
      expect(accepts(language, makeDelivery([secret]))).toBe(true)
    })

    it('accepts either signature during a rotation', () => {
      expect(accepts(language, makeDelivery([otherSecret, secret]))).toBe(true)
    })

    it('refuses another body, another id, another secret and an old timestamp', () => {
      const delivery = makeDelivery([secret])
      expect(accepts(language, { ...delivery, rawBody: rawBody.replace('tal', 'mal') })).toBe(false)
      const headers = { ...delivery.headers, 'webhook-id': 'evt_other' }
      expect(accepts(language, { ...delivery, headers })).toBe(false)
      expect(accepts(language, makeDelivery([otherSecret]))).toBe(false)
      expect(accepts(language, makeDelivery([secret], Date.now() - 600_000))).toBe(false)
    })
  })
})

describe.each(here.filter(({ name }) => name === 'PHP'))('$name behind a web server', (php) => {
  it('reads headers and body as the document says', async () => {
    const [, headers = '', body = ''] =
      /`\$headers` is `(.+?)` and `\$rawBody` is `(.+?)`/.exec(document) ?? []
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-php-'))
    const script = join(directory, 'index.php')
    writeFileSync(
      script,
      `<?php
${findExample(php.fence)}
http_response_code(verify(getenv('WEBHOOK_SECRET'), ${headers}, ${body}) ? 204 : 401);`,
    )
    const port = await probePort('127.0.0.1', 0)
    const server = spawn(php.runtime, ['-S', `127.0.0.1:${port}`, script], {
      env: { PATH: process.env['PATH'], WEBHOOK_SECRET: secret },
      stdio: 'ignore',
    })
    try {
      const post = async ({ headers: given, rawBody: content }: Delivery) => {
        const init = { method: 'POST', headers: given, body: content }
        return (await fetch(`http://127.0.0.1:${port}/webhook`, init)).status
      }
      const delivery = makeDelivery([secret])
      await waitUntil('PHP answers', async () => (await post(delivery)) > 0)
      expect(await post(delivery)).toBe(204)
      expect(await post({ ...delivery, rawBody: `${rawBody} ` })).toBe(401)
    } finally {
      server.kill()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
