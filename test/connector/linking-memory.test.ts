import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'
import { LinkingMemory, minLinkings, quietMs } from '../../connector/linking-memory.ts'

const stage = useStage()

it('is told of each account that was linked, and not of one that comes back', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  phone.dropConnection()
  await session.wait((seen) => seen.reportsOf('connected')[1])
  expect(connector.linked).toBe(1)
})

afterEach(() => {
  vi.useRealTimers()
})

it('gives memory back once, when a burst of linkings is over', () => {
  vi.useFakeTimers()
  let times = 0
  const memory = new LinkingMemory(() => (times += 1))
  for (let linking = 0; linking < minLinkings * 3; linking++) {
    memory.noteLinked()
    vi.advanceTimersByTime(quietMs / 2)
  }
  expect(times).toBe(0)
  vi.advanceTimersByTime(quietMs)
  expect(times).toBe(1)
  vi.advanceTimersByTime(quietMs * 10)
  expect(times).toBe(1)
})

it('stops no session for a few linkings', () => {
  vi.useFakeTimers()
  let times = 0
  const memory = new LinkingMemory(() => (times += 1))
  for (let linking = 1; linking < minLinkings; linking++) memory.noteLinked()
  vi.advanceTimersByTime(quietMs * 10)
  expect(times).toBe(0)
})

it('gives back what an ordinary collection keeps', () => {
  const url = new URL('../../connector/linking-memory.ts', import.meta.url).href
  const script = `
    const { giveBack } = await import(${JSON.stringify(url)})
    let held = Array.from({ length: 1_500_000 }, (_, index) => ({ index, name: 'n' + index }))
    held.length = 0
    globalThis.gc()
    const before = process.memoryUsage.rss()
    giveBack()
    console.log((before - process.memoryUsage.rss()) / 2 ** 20)`
  const flags = ['--expose-gc', '--input-type=module', '-e', script]
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  expect(Number(execFileSync(process.execPath, flags, { cwd, encoding: 'utf8' }))).toBeGreaterThan(40)
})
