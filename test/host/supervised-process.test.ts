import { afterEach, expect, it, vi } from 'vitest'
import { SupervisedProcess, type RestartPolicy } from '../../worker/host/supervised-process.ts'

const lines: string[] = []
let supervised: SupervisedProcess | undefined

afterEach(async () => {
  await supervised?.stop(1000)
  lines.length = 0
})

function supervise(script: string, policy: Partial<RestartPolicy> = {}): SupervisedProcess {
  supervised = new SupervisedProcess(
    {
      label: 'part',
      command: process.execPath,
      args: ['-e', script],
      environment: {},
      workingDirectory: process.cwd(),
    },
    (label, line) => lines.push(`${label}: ${line}`),
    { firstMs: 1, maxMs: 4, settledMs: 60_000, ...policy },
  )
  supervised.start()
  return supervised
}

const waitFor = { timeout: 15_000, interval: 10 }

it('prints each line of the process under its label', async () => {
  supervise('console.log("one"); console.error("two"); setInterval(() => {}, 1000)')
  await vi.waitFor(() => expect(lines.toSorted()).toEqual(['part: one', 'part: two']), waitFor)
})

it('starts a process again that was killed', async () => {
  const part = supervise('console.log("up"); setInterval(() => {}, 1000)')
  await vi.waitFor(() => expect(lines).toContain('part: up'), waitFor)
  const pid = part.pid!
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(lines.filter((line) => line === 'part: up')).toHaveLength(2), waitFor)
  expect(part.pid).not.toBe(pid)
  expect(lines).toContain('part: ended (SIGKILL); starting it again in 0.001 s')
})

it('waits longer after each failure, up to a bound', async () => {
  supervise('process.exit(3)')
  await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(4), waitFor)
  expect(lines.slice(0, 4).map((line) => line.match(/\((.*)\).* in (.*) s/)?.slice(1))).toEqual([
    ['exit code 3', '0.001'],
    ['exit code 3', '0.002'],
    ['exit code 3', '0.004'],
    ['exit code 3', '0.004'],
  ])
})

it('forgets earlier failures of a process that ran well for a while', async () => {
  supervise('process.exit(0)', { settledMs: 0 })
  await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(3), waitFor)
  expect(lines.slice(0, 3)).toEqual(Array(3).fill('part: ended (exit code 0); starting it again in 0.001 s'))
})

it('says why a program cannot be started and goes on trying', async () => {
  supervised = new SupervisedProcess(
    { label: 'part', command: '/no/such/program', args: [], environment: {}, workingDirectory: '/' },
    (label, line) => lines.push(`${label}: ${line}`),
    { firstMs: 1, maxMs: 2, settledMs: 60_000 },
  )
  supervised.start()
  await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(2), waitFor)
  expect(lines[0]).toContain('ENOENT')
})

it('does not start a stopped process again', async () => {
  const part = supervise(
    'console.log("up"); process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)',
  )
  await vi.waitFor(() => expect(lines).toContain('part: up'), waitFor)
  const pid = part.pid!
  await part.stop(10_000)
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(part.pid).toBeUndefined()
  expect(lines).toEqual(['part: up'])
})

it('ends a process that does not want to end', async () => {
  const part = supervise('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)')
  await vi.waitFor(() => expect(lines).toContain('part: up'), waitFor)
  const pid = part.pid!
  await part.stop(50)
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
