import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { HostConfig } from './config.ts'
import { StartProblem } from './start-problem.ts'

export interface Secrets {
  adminToken: string
  connectorToken: string
  /** 32 bytes, base64. Whoever loses it must link every account again. */
  masterKey: string
}

/** Names of the files of one secret each in the data directory. */
export const secretFiles = {
  adminToken: 'admin-token',
  connectorToken: 'connector-token',
  masterKey: 'master-key',
  apiKey: 'api-key',
} as const

/** Reads the installation's secrets, making at first what was not given. Given ones win and are not written down. */
export function openSecrets(dataDirectory: string, given: HostConfig['given']): Secrets {
  const open = (name: keyof Secrets, make: () => string) =>
    given[name] ?? readSecret(dataDirectory, name) ?? writeSecret(dataDirectory, name, make())
  return {
    adminToken: open('adminToken', () => `cka_${randomBytes(32).toString('base64url')}`),
    connectorToken: open('connectorToken', () => `ckc_${randomBytes(32).toString('base64url')}`),
    masterKey: open('masterKey', () => randomBytes(32).toString('base64')),
  }
}

export function readSecret(dataDirectory: string, name: keyof typeof secretFiles): string | undefined {
  const path = join(dataDirectory, secretFiles[name])
  if (!existsSync(path)) return undefined
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8').trim() || undefined
}

/** Writes a secret whole or not at all, for its owner only. */
export function writeSecret(dataDirectory: string, name: keyof typeof secretFiles, value: string): string {
  const path = join(dataDirectory, secretFiles[name])
  writeFileSync(`${path}.new`, `${value}\n`, { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
  return value
}

/** Makes the data directory, closed to others. */
export function openDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new StartProblem(
      `CHATLINK_DATA: ${path} cannot be used (${code}). Name a directory that you may write to.`,
    )
  }
}
