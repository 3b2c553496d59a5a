import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeDelivery, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('a filter that changes while events fail', () => {
  it('drops what fails, and what stands behind it, when the filter no longer wants it', async () => {
    const { endpoint, change, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(text('1', 'a'), text('2', 'a'), text('3', 'a'))
    await until(async () => (await view()).failing === 1, 'failed')
    await change({ events: ['imageMessage'] })
    await passTo(10)
    await until(async () => (await view()).lag === 0, 'nothing left')
    expect(await endpoint.values()).toEqual(['1'])
    expect(await view()).toMatchObject({ failing: 0, exhausted: 0 })
  })

  it('goes on behind an outage in which the filter has dropped all that failed', async () => {
    const { endpoint, change, log, passTo, describe: view } = await makeDelivery({ includeFromMe: true })
    await endpoint.script({ status: 500 })
    await log(...['1', '2', '3', '4', '5', '6'].map((value) => ({ ...text(value, value), isFromMe: true })))
    await until(async () => (await view()).breaker === 'open', 'open')
    await change({ includeFromMe: false })
    await endpoint.script({ status: 200 })
    await log(text('wanted', '1'))
    for (let round = 0; round < 10 && (await view()).lag > 0; round++) await passTo(100)
    expect((await endpoint.values()).at(-1)).toBe('wanted')
    expect(await view()).toMatchObject({ breaker: 'closed', failing: 0, lag: 0 })
  })
})
