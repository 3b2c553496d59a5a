import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { commandLineOf, endLeftovers, rememberParts } from '../../worker/host/leftovers.ts'
import { waitUntil } from '../support/wait.ts'

let directory: string
let path: string
let child: ChildProcess
let ended: Promise<unknown>

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chatlink-leftovers-'))
  path = join(directory, 'processes.json')
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'a part'])
  ended = new Promise((done) => child.once('exit', done))
  await waitUntil('it runs', () => commandLineOf(child.pid!)?.includes('a part') === true)
})

afterEach(async () => {
  child.kill('SIGKILL')
  await ended
  rmSync(directory, { recursive: true })
})

it('ends the processes that were remembered, and forgets them', async () => {
  rememberParts(path, [{ pid: child.pid!, commandLine: commandLineOf(child.pid!)! }])
  expect(await endLeftovers(path)).toBe(1)
  await ended
  expect(child.signalCode).toBe('SIGKILL')
  expect(existsSync(path)).toBe(false)
  expect(await endLeftovers(path)).toBe(0)
})

it('leaves a process alone that only has the id of a remembered one', async () => {
  rememberParts(path, [{ pid: child.pid!, commandLine: 'another program' }])
  expect(await endLeftovers(path)).toBe(0)
  expect(commandLineOf(child.pid!)).toBeDefined()
})

it('takes a broken list for an empty one', async () => {
  writeFileSync(path, '[{"pid":')
  expect(await endLeftovers(path)).toBe(0)
})
