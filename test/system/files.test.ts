import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Api } from '../support/api.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'

let stage: Stage
const content = randomBytes(30 * 1024 * 1024)
const sha256 = createHash('sha256').update(content).digest('hex')

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe()
})

afterAll(async () => {
  await stage?.close()
})

const request = (path: string, method = 'GET', headers: Record<string, string> = {}, body?: Uint8Array) =>
  fetch(stage.installation.url + path, {
    method,
    headers: { authorization: `Bearer ${stage.installation.firstKey.key}`, ...headers },
    ...(body && { body }),
  })

it('brings a large file from WhatsApp to whoever asks, whole and in parts', async () => {
  const phone = await linkSession(stage, 'large')
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const sent = await ana.send(phone, { video: content })
  const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === sent.id, 'the video', 60_000)
  expect(event).toMatchObject({ fileStatus: 'stored', fileSize: content.byteLength, sha256 })
  const path = `/v1/files/${event['idFile'] as string}`

  const whole = await stage.api.file(event['idFile'] as string)
  expect(whole.bytes.equals(content)).toBe(true)
  const head = await request(path, 'HEAD')
  expect(head.headers.get('content-length')).toBe(String(content.byteLength))
  expect(head.headers.get('content-type')).toBe('video/mp4')
  const part = await request(path, 'GET', { range: 'bytes=1000000-1999999' })
  expect([part.status, part.headers.get('content-range')]).toEqual([
    206,
    `bytes 1000000-1999999/${content.byteLength}`,
  ])
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(1_000_000, 2_000_000))).toBe(true)
  const beyond = await request(path, 'GET', { range: `bytes=${content.byteLength}-` })
  expect(beyond.status).toBe(416)
})

it('keeps an uploaded file for its tenant alone, and deletes it with the tenant', async () => {
  const { idTenant } = await stage.admin.post<{ idTenant: string }>('/v1/tenants', { name: 'Other' })
  const { key } = await stage.admin.post<{ key: string }>(`/v1/tenants/${idTenant}/api-keys`, {})
  const other = { authorization: `Bearer ${key}` }
  const upload = await request(
    '/v1/files',
    'POST',
    { ...other, 'content-type': 'image/png' },
    randomBytes(5000),
  )
  expect(upload.status).toBe(201)
  const { idFile } = (await upload.json()) as { idFile: string }
  expect((await new Api(stage.installation.url, key).file(idFile)).bytes.byteLength).toBe(5000)
  expect((await stage.api.file(idFile)).status).toBe(404)

  const directory = join(stage.installation.dataDirectory, 'files', idTenant)
  expect(readdirSync(directory)).toHaveLength(2)
  await stage.admin.delete(`/v1/tenants/${idTenant}`)
  expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([])
})

it('leaves nothing of an upload that is larger than allowed', async () => {
  const tooLarge = new Uint8Array(100 * 1024 * 1024 + 1)
  const answer = await request('/v1/files', 'POST', { 'content-type': 'video/mp4' }, tooLarge)
  expect(answer.status).toBe(413)
})
