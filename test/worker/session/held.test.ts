import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { maxFrameBytes } from '../../../schema/link.ts'
import { conversation, imageMessage } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

const source = 'c291cmNl'
const sha256 = 'b'.repeat(64)

afterEach(() => {
  vi.useRealTimers()
})

async function attached() {
  const { stub } = await makeSession()
  const link = await LinkClient.attach(stub)
  const logged = async () =>
    (await readEvents(stub)).flatMap(({ messageType, value, idFile }) =>
      messageType === 'conversation' ? value : (idFile ?? []),
    )
  return { stub, link, logged }
}

describe('events with a file', () => {
  it('are told to the next connector in frames that it takes, however much there is to tell', async () => {
    const { stub, link } = await attached()
    // Documents whose long names are part of what is needed to fetch them.
    const long = 'c291'.repeat(4000)
    const images = Array.from({ length: 600 }, () => imageMessage())
    for (let index = 0; index < images.length; index += 100) {
      const events = images.slice(index, index + 100).map((event) => ({ event, source: long }))
      await link.commit({ events })
    }
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    const longest = Math.max(...next.frames.map((frame) => JSON.stringify(frame).length))
    expect(longest).toBeLessThan(maxFrameBytes)
    const told = [...next.all('welcome'), ...next.all('keys')].flatMap(({ files = [] }) => files)
    expect(told.map(({ idFile }) => idFile)).toEqual(images.map(({ idFile }) => idFile))
    expect(next.frames.filter(({ type }) => type === 'keys').at(-1)).toMatchObject({ done: true })
  })

  it('hold their chat back and go with what was measured when the file is stored', async () => {
    const { stub, link, logged } = await attached()
    const image = imageMessage()
    const idFile = String(image['idFile'])
    await link.commit({ events: [{ event: image, source }, { event: conversation({ value: 'behind' }) }] })
    await link.deliver(conversation({ value: 'other chat', senderNumber: '34600999888@s.whatsapp.net' }))
    expect(await logged()).toEqual(['other chat'])
    expect(await stub.fileStored({ idFile, fileSize: 1234, sha256 })).toEqual({ ok: true, isAwaited: true })
    expect(await logged()).toEqual(['other chat', idFile, 'behind'])
    const event = (await readEvents(stub)).find((one) => one['idFile'] === idFile)
    expect(event).toMatchObject({ fileStatus: 'stored', fileSize: 1234, sha256 })
    expect(await query(stub, 'SELECT * FROM held')).toEqual([])
  })

  it('keep the order of their chat when files come in another order', async () => {
    const { stub, link, logged } = await attached()
    const [first, second] = [imageMessage(), imageMessage()]
    const text = conversation({ value: 'last' })
    await link.commit({ events: [{ event: first, source }, { event: second, source }, { event: text }] })
    await stub.fileStored({ idFile: String(second['idFile']), fileSize: 2, sha256 })
    expect(await logged()).toEqual([])
    await stub.fileStored({ idFile: String(first['idFile']), fileSize: 1, sha256 })
    expect(await logged()).toEqual([first['idFile'], second['idFile'], 'last'])
    const sizes = (await readEvents(stub)).flatMap(({ fileSize }) => fileSize ?? [])
    expect(sizes).toEqual([1, 2])
  })

  it('go without the file when the connector gives it up, and claim nothing of it', async () => {
    const { stub, link } = await attached()
    const image = imageMessage()
    const idFile = String(image['idFile'])
    await link.commit({ events: [{ event: image, source }] })
    await link.report({ report: 'fileUnavailable', idFile, fileError: 'gone from WhatsApp' })
    const event = (await readEvents(stub)).find((one) => one['idFile'] === idFile)
    expect(event).toMatchObject({ fileStatus: 'unavailable', fileError: 'gone from WhatsApp' })
    expect(event).not.toHaveProperty('fileSize')
    expect(event).not.toHaveProperty('sha256')
  })

  it('go without the file after the deadline', async () => {
    const { stub, link, logged } = await attached()
    const image = imageMessage()
    await link.commit({ events: [{ event: image, source }, { event: conversation({ value: 'behind' }) }] })
    await runDurableObjectAlarm(stub)
    expect(await logged()).toEqual([])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 121_000 })
    await runDurableObjectAlarm(stub)
    expect(await logged()).toEqual([image['idFile'], 'behind'])
    expect(await stub.fileStored({ idFile: String(image['idFile']), fileSize: 1, sha256 })).toEqual({
      ok: true,
      isAwaited: false,
    })
  })

  it('are told to the next owner as unfinished, and survive an eviction', async () => {
    const { stub, link, logged } = await attached()
    const image = imageMessage()
    const { idFile, idEvent } = image
    await link.commit({ events: [{ event: image, source }] })
    await evictDurableObject(stub)
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect((await next.next('welcome')).files).toEqual([{ idFile, idEvent, source }])
    await next.deliver(conversation({ value: 'behind' }))
    expect(await logged()).toEqual([])
    await stub.fileStored({ idFile: String(idFile), fileSize: 1, sha256 })
    expect(await logged()).toEqual([idFile, 'behind'])
  })

  it('are known to the next owner by their proof, as those in the log are', async () => {
    const { stub, link } = await attached()
    const [image, behind] = [imageMessage(), conversation({ value: 'behind' })]
    await link.commit({
      events: [
        { event: image, source, proof: 'hash-of-image' },
        { event: behind, proof: 'hash-of-text' },
      ],
    })
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect((await next.next('welcome')).recent).toEqual([
      { idEvent: image['idEvent'], proof: 'hash-of-image' },
      { idEvent: behind['idEvent'], proof: 'hash-of-text' },
    ])
  })

  it('are held once when they come again, and not again after they went', async () => {
    const { stub, link, logged } = await attached()
    const image = imageMessage()
    await link.commit({ events: [{ event: image, source }] })
    await link.commit({ events: [{ event: image, source }] })
    await stub.fileStored({ idFile: String(image['idFile']), fileSize: 1, sha256 })
    await link.commit({ events: [{ event: image, source }] })
    expect(await logged()).toEqual([image['idFile']])
    expect(await query(stub, 'SELECT * FROM held')).toEqual([])
  })
})
