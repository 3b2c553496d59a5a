import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maxFileBytes } from '../../schema/api/file.ts'
import { startStage, type Stage } from '../support/stage.ts'

let stage: Stage
let key: string

beforeAll(async () => {
  stage = await startStage()
  ;({ key } = stage.installation.firstKey)
})

afterAll(async () => {
  await stage?.close()
})

async function post(
  path: string,
  token: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = 'application/json',
) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': type }
  const response = await fetch(stage.installation.url + path, { method: 'POST', headers, body })
  const { code } = (await response.json()) as { code?: string }
  return { status: response.status, code }
}

describe('a client that sends too much is told so, and not cut off', () => {
  it('in JSON', async () => {
    const body = 'a'.repeat(5 * 1024 * 1024)
    expect(await post('/v1/sessions', key, body)).toEqual({ status: 413, code: 'bodyTooLarge' })
  })

  it('in a file', async () => {
    const body = new Uint8Array(maxFileBytes + 1)
    expect(await post('/v1/files', key, body, 'video/mp4')).toEqual({ status: 413, code: 'fileTooLarge' })
  })

  it('without a credential', async () => {
    const body = new Uint8Array(10 * 1024 * 1024)
    expect(await post('/v1/files', 'wrong', body, 'video/mp4')).toEqual({ status: 401, code: 'unauthorized' })
  })
})

it('takes a file of the largest size, and gives it back whole or in part', async () => {
  const bytes = new Uint8Array(maxFileBytes).fill(7)
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'video/mp4' }
  const upload = await fetch(`${stage.installation.url}/v1/files`, { method: 'POST', headers, body: bytes })
  const { idFile, fileSize } = (await upload.json()) as { idFile: string; fileSize: number }
  expect(fileSize).toBe(maxFileBytes)
  const read = async (method: string, more: Record<string, string> = {}) => {
    const options = { method, headers: { ...headers, ...more } }
    const response = await fetch(`${stage.installation.url}/v1/files/${idFile}`, options)
    const length = Number(response.headers.get('content-length'))
    return { status: response.status, length, received: (await response.arrayBuffer()).byteLength }
  }
  expect(await read('GET')).toEqual({ status: 200, length: maxFileBytes, received: maxFileBytes })
  expect(await read('HEAD')).toEqual({ status: 200, length: maxFileBytes, received: 0 })
  expect(await read('GET', { range: 'bytes=5-9' })).toEqual({ status: 206, length: 5, received: 5 })
})

it('keeps nothing of keys that somebody guesses', async () => {
  const countFiles = () =>
    readdirSync(join(stage.installation.dataDirectory, 'objects'), { recursive: true }).length
  const before = countFiles()
  for (let guess = 0; guess < 20; guess++)
    await post('/v1/sessions', `ck_${String(guess).padStart(22, 'x')}_${'0'.repeat(40)}`, '{}')
  expect(countFiles()).toBe(before)
})
