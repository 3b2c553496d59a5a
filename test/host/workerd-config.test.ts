import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeWorkerdConfig, type WorkerdOptions } from '../../worker/host/workerd-config.ts'

const workerd = createRequire(import.meta.url)('workerd').default as string

const options: WorkerdOptions = {
  manifest: {
    compatibilityDate: '2026-10-01',
    compatibilityFlags: ['global_fetch_strictly_public'],
    modules: ['index.js'],
    objects: [{ binding: 'FLEET', className: 'Fleet' }],
    filesBinding: 'FILES',
    assetsBinding: 'ASSETS',
    variables: {},
  },
  address: '127.0.0.1:8787',
  modulesDirectory: 'modules',
  assetsModule: 'assets.js',
  assetsDirectory: '/srv/año "1"/assets',
  objectsDirectory: '/srv/objects',
  filesDirectory: '/srv/files',
  variables: ['LOG_LEVEL', 'CHATLINK_ADMIN_TOKEN'],
  allowPrivateTargets: false,
}

it('is a configuration that workerd compiles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-config-'))
  try {
    const flat = { ...options, modulesDirectory: '.' }
    writeFileSync(join(directory, 'config.capnp'), writeWorkerdConfig(flat))
    writeFileSync(join(directory, 'index.js'), 'export class Fleet {}\nexport default { fetch() {} }')
    writeFileSync(join(directory, 'assets.js'), 'export default { fetch() {} }')
    const compiled = execFileSync(workerd, ['compile', '--config-only', join(directory, 'config.capnp')])
    expect(compiled.includes('/srv/año "1"/assets')).toBe(true)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it('takes variables from the environment by name', () => {
  const config = writeWorkerdConfig(options)
  expect(config).toContain('(name = "CHATLINK_ADMIN_TOKEN", fromEnvironment = "CHATLINK_ADMIN_TOKEN")')
})

it('keeps the names of the objects’ data', () => {
  expect(writeWorkerdConfig(options)).toContain(
    '(className = "Fleet", uniqueKey = "chatlink-Fleet", enableSql = true)',
  )
})

it('lets the Worker reach public addresses only', () => {
  const config = writeWorkerdConfig(options)
  expect(config).toContain('allow = ["public"], deny = [')
  for (const network of ['198.18.0.0/15', '192.0.2.0/24', '64:ff9b::/96'])
    expect(config).toContain(`"${network}"`)
})

it('lets it reach private addresses when that is asked for', () => {
  expect(writeWorkerdConfig({ ...options, allowPrivateTargets: true })).toContain(
    'allow = ["public", "private"]',
  )
})
