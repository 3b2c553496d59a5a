import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockData } from '../../worker/host/data-lock.ts'
import { openDataDirectory, openSecrets } from '../../worker/host/secrets.ts'

let directory: string

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'chatlink-host-')), 'data')
  openDataDirectory(directory)
})
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }))

it('makes secrets once and for their owner only', () => {
  const first = openSecrets(directory, {})
  expect(openSecrets(directory, {})).toEqual(first)
  expect(Buffer.from(first.masterKey, 'base64')).toHaveLength(32)
  expect(new Set(Object.values(first)).size).toBe(3)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  for (const name of ['admin-token', 'connector-token', 'master-key']) {
    expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  }
})

it('prefers a given secret and does not write it down', () => {
  const made = openSecrets(directory, {})
  const given = openSecrets(directory, { adminToken: 'an-admin-token-of-mine' })
  expect(given).toEqual({ ...made, adminToken: 'an-admin-token-of-mine' })
  expect(readFileSync(join(directory, 'admin-token'), 'utf8').trim()).toBe(made.adminToken)
})

it('writes nothing at all when every secret is given', () => {
  const given = { adminToken: 'a'.repeat(16), connectorToken: 'b'.repeat(16), masterKey: 'c'.repeat(44) }
  expect(openSecrets(directory, given)).toEqual(given)
  expect(existsSync(join(directory, 'master-key'))).toBe(false)
})

it('gives a data directory to one holder at a time', () => {
  const first = lockData(directory)
  expect(first).not.toBeNull()
  expect(lockData(directory)).toBeNull()
  first?.release()
  const second = lockData(directory)
  expect(second).not.toBeNull()
  second?.release()
})
