import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { maxFileBytes } from '../../schema/api/file.ts'
import { startStage, type Stage } from '../support/stage.ts'

const mebibyte = 1024 * 1024
const maxGrowthBytes = 16 * mebibyte

let stage: Stage
let elsewhere: Server

beforeAll(async () => {
  stage = await startStage()
  await stage.api.post('/v1/sessions', { idSession: 'support' })
  elsewhere = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/pdf' })
    const chunk = Buffer.alloc(64 * 1024, 'x')
    let left = maxFileBytes / chunk.byteLength
    const parts = function* () {
      while (left-- > 0) yield chunk
    }
    Readable.from(parts()).pipe(response)
  })
  await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done))
})
afterAll(async () => {
  elsewhere?.close()
  await stage?.close()
})

/** The most memory that the Worker has ever had. */
function peakBytes(): number {
  const status = readFileSync(`/proc/${stage.installation.pids().worker}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024
}

/** A small one first, so that what a first file needs is there already. */
async function expectNoGrowth(move: (bytes: number) => Promise<void>): Promise<void> {
  await move(mebibyte)
  const before = peakBytes()
  await move(maxFileBytes)
  expect(peakBytes() - before).toBeLessThan(maxGrowthBytes)
}

it('takes and gives the largest upload without holding it', async () => {
  await expectNoGrowth(async (bytes) => {
    const { idFile } = await stage.api.upload('/v1/files', Buffer.alloc(bytes, 'x'), 'application/pdf')
    expect((await stage.api.file(idFile)).bytes).toHaveLength(bytes)
  })
})

it('fetches the largest file from a URL without holding it', async () => {
  const { port } = elsewhere.address() as AddressInfo
  const body = {
    to: '34600111222',
    messageType: 'documentMessage',
    url: `http://127.0.0.1:${port}/large.pdf`,
  }
  const before = peakBytes()
  const answer = await stage.api.request('POST', '/v1/sessions/support/messages?wait=0', body)
  // The session waits for its QR: what it says of that, it says when the file is stored.
  expect(answer).toMatchObject({ status: 409, body: { code: 'sessionNotConnected' } })
  expect(peakBytes() - before).toBeLessThan(maxGrowthBytes)
})
