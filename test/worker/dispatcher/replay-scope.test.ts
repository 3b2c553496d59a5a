import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { drained, makeDelivery, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('a replay', () => {
  it('leaves out what fails and what stands behind it, which come in their turn', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, passTo, describe: view } = delivery
    await endpoint.scriptMatching('"2"', { status: 500 }, { status: 200 })
    await log(text('1'), text('2'), text('3'), text('4'))
    await until(async () => (await view()).failing === 1, 'the failure')
    await dispatcher.replay({})
    await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
    expect(await endpoint.values()).toEqual(['1', '2', '1'])
    await passTo(10)
    await drained(delivery, 6)
    expect(await endpoint.values()).toEqual(['1', '2', '1', '2', '3', '4'])
  })

  it('leaves out what is under way', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, describe: view } = delivery
    await endpoint.script({ delayMs: 500 }, { delayMs: 0 })
    await log(text('1'))
    expect(await view()).toMatchObject({ cursor: 1 })
    await dispatcher.replay({})
    await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
    await drained(delivery, 1)
    expect(await endpoint.values()).toEqual(['1'])
  })

  it('leaves out what the filter does, also what it left out only since the replay began', async () => {
    const delivery = await makeDelivery({ includeFromMe: true })
    const { endpoint, dispatcher, log, change, describe: view } = delivery
    await log(...['1', '2', '3', '4'].map((value) => ({ ...text(value), isFromMe: true })))
    await log(text('5'))
    await drained(delivery, 5)
    await endpoint.script({ delayMs: 500 }, { delayMs: 0 })
    await dispatcher.replay({})
    await until(async () => (await endpoint.values()).length === 6, 'the first of the replay')
    await change({ includeFromMe: false })
    await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
    expect((await endpoint.values()).slice(5)).toEqual(['1', '5'])
    await dispatcher.replay({})
    await until(async () => (await view()).replay?.isDone === true, 'the end of another')
    expect((await endpoint.values()).slice(5)).toEqual(['1', '5', '5'])
  })

  it('of some types leaves what was never tried of the others for another one', async () => {
    const delivery = await makeDelivery({ events: '*' })
    const { endpoint, dispatcher, log, change, describe: view } = delivery
    await change({ status: 'disabled' })
    await log(text('1'))
    await change({ status: 'enabled' })
    for (const types of [['imageMessage' as const], undefined]) {
      expect(await dispatcher.replay({ onlyFailed: true, types })).toMatchObject({ ok: true })
      await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
    }
    expect(await endpoint.values()).toEqual(['1'])
  })

  it('sends again after a crash what was under way, although later events of it were delivered', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, reconnect } = delivery
    await log(text('slow', '1'), text('quick', '2'))
    await drained(delivery, 2)
    await endpoint.scriptMatching('"slow"', { fault: 'hang' }, { status: 200 })
    await dispatcher.replay({})
    const delivered = () =>
      runInDurableObject(dispatcher, (_object, { storage }) => {
        const row = storage.sql.exec<{ control: string }>('SELECT control FROM control').one()
        return (JSON.parse(row.control) as { replay: { delivered: number } }).replay.delivered
      })
    await until(async () => (await delivered()) === 1, 'the quick one is written')
    await abortAllDurableObjects()
    const again = reconnect().dispatcher
    await until(async () => (await again.describe()).replay?.isDone === true, 'the end of the replay')
    const values = await endpoint.values()
    expect(values.filter((value) => value === 'slow')).toHaveLength(3)
  })
})
