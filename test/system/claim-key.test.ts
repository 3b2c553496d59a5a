import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listConnectors, listRunners } from '../support/connectors.ts'
import { linkSession } from '../support/linked-session.ts'
import { projectDirectory } from '../support/program.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'

let stage: Stage
let other: ChildProcess | undefined

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe()
})

afterAll(async () => {
  other?.kill('SIGKILL')
  await stage?.close()
})

it('is given to no connector with another master key, though it was never linked before', async () => {
  const { url, secrets } = stage.installation
  other = spawn(process.execPath, ['connector/main.ts'], {
    cwd: projectDirectory,
    env: {
      PATH: process.env['PATH'],
      CHATLINK_URL: url,
      CHATLINK_CONNECTOR_TOKEN: secrets.connectorToken,
      CHATLINK_MASTER_KEY: randomBytes(32).toString('base64'),
      CHATLINK_CONNECTOR_ID: 'other',
      CHATLINK_CAPACITY: '1000',
      CHATLINK_WHATSAPP_URL: stage.whatsapp.url,
      CHATLINK_WHATSAPP_ROOT_KEY: stage.whatsapp.rootKey,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  createInterface({ input: other.stdout! }).on('line', (line) => lines.push(line))
  await waitUntil('it is told why', () => lines.some((line) => line.includes('CHATLINK_MASTER_KEY is not')))
  await linkSession(stage, 'first')
  const [own, ...more] = await listConnectors(stage)
  expect(more).toEqual([])
  expect(await listRunners(stage, ['first'])).toEqual([own!.idConnector])
  expect(lines.join('\n')).not.toContain(secrets.masterKey)
})
