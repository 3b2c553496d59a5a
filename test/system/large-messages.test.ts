import '../../connector/libsignal.ts'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'

const mebibyte = 1024 * 1024
const previewBytes = 3 * mebibyte
/** So many show what a few on their way take, … */
const first = idsOf('FIRST', 10)
/** … and so many more would add 96 MiB if they were kept. */
const others = idsOf('OTHER', 32)
const maxGrowthBytes = 48 * mebibyte

function idsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index}`)
}

let stage: Stage

beforeAll(async () => {
  stage = await startStage({ environment: { CHATLINK_CONNECTORS: '1' } })
})
afterAll(async () => {
  await stage?.close()
})

/** The most memory that the connector has ever had. */
function peakBytes(): number {
  const [connector] = stage.installation.pids().connectors
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${connector}/status`, 'utf8'))![1]) * 1024
}

it('takes many large messages, each once and in order, and keeps none of them in memory', async () => {
  await stage.subscribe({ events: ['*'] })
  const phone = await linkSession(stage, 'large')
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const jpegThumbnail = Buffer.alloc(previewBytes, 7)
  const send = async (ids: string[]) => {
    const raw = { documentMessage: { fileName: 'plan.pdf', mimetype: 'application/pdf', jpegThumbnail } }
    for (const id of ids) {
      await ana.send(phone, { raw }, { id })
      // The subscriber lives in this process: it is to answer in between.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await stage.receiver.waitFor((event) => event['idMessage'] === ids.at(-1), ids.at(-1)!)
  }
  await send(first)
  const { connectors } = stage.installation.pids()
  const before = peakBytes()
  await send(others)
  expect(peakBytes() - before).toBeLessThan(maxGrowthBytes)
  expect(stage.installation.pids().connectors).toEqual(connectors)
  const arrived = stage.receiver.webhooks.map(({ event }) => String(event['idMessage']))
  expect([...new Set(arrived)].filter((id) => /^(FIRST|OTHER)/.test(id))).toEqual([...first, ...others])
})
