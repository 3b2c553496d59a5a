import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { LINK_VERSION, linkClose } from '../../../schema/link.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, readEvents } from '../support/objects.ts'

describe('owner', () => {
  it('gives each new owner a greater epoch, closes the older and refuses its commits', async () => {
    const { stub } = await makeSession()
    const older = await LinkClient.attach(stub, { idConnector: 'connector-a' })
    const newer = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect(newer.epoch).toBe(older.epoch + 1)
    expect(await older.closedWith()).toBe(linkClose.superseded)
    await newer.deliver(conversation({ value: 'from the newer' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'from the newer' })
  })

  it('closes an owner that speaks with another epoch and applies nothing', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const before = await readEvents(stub)
    link.send({ type: 'commit', epoch: link.epoch + 1, n: link.n + 1, events: [{ event: conversation() }] })
    expect(await link.closedWith()).toBe(linkClose.superseded)
    expect(await readEvents(stub)).toEqual(before)
  })

  it('lets the same connector keep its epoch after a broken socket', async () => {
    const { stub } = await makeSession()
    const first = await LinkClient.attach(stub)
    await first.commit({ keys: [{ type: 'session', id: 'a', value: 'QUJD' }] })
    first.close(1001)
    const again = await LinkClient.attach(stub, { resumeEpoch: first.epoch })
    expect(again.epoch).toBe(first.epoch)
    expect(again.n).toBe(first.n)
    expect(await again.next('welcome')).toMatchObject({ resumed: true })
    expect(again.all('keys')).toEqual([{ type: 'keys', entries: [], done: true }])
  })

  it('refuses to let a connector resume after another owner', async () => {
    const { stub } = await makeSession()
    const first = await LinkClient.attach(stub, { idConnector: 'connector-a' })
    await LinkClient.attach(stub, { idConnector: 'connector-b' })
    const late = await LinkClient.open(stub)
    late.send({ type: 'hello', version: LINK_VERSION, idConnector: 'connector-a', resumeEpoch: first.epoch })
    expect(await late.closedWith()).toBe(linkClose.superseded)
  })

  it('refuses to let a connector resume what it has taken anew since', async () => {
    const { stub } = await makeSession()
    const first = await LinkClient.attach(stub)
    const second = await LinkClient.attach(stub)
    const late = await LinkClient.open(stub)
    late.send({ type: 'hello', version: LINK_VERSION, idConnector: 'connector-a', resumeEpoch: first.epoch })
    expect(await late.closedWith()).toBe(linkClose.superseded)
    await second.deliver(conversation({ value: 'still the owner' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'still the owner' })
  })

  it('refuses to let a connector resume what another one runs', async () => {
    const { stub } = await makeSession()
    const owner = await LinkClient.attach(stub)
    const other = await LinkClient.open(stub)
    other.send({ type: 'hello', version: LINK_VERSION, idConnector: 'connector-b', resumeEpoch: owner.epoch })
    expect(await other.closedWith()).toBe(linkClose.superseded)
    await owner.deliver(conversation({ value: 'still the owner' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'still the owner' })
  })

  it('refuses another version of the protocol', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.open(stub)
    link.send({ type: 'hello', version: LINK_VERSION + 1, idConnector: 'connector-a' })
    expect(await link.closedWith()).toBe(linkClose.versionMismatch)
  })

  it('releases a connector that links a session at rest', async () => {
    const { stub } = await makeSession({ start: false })
    const link = await LinkClient.open(stub)
    link.send({ type: 'hello', version: LINK_VERSION, idConnector: 'connector-a' })
    expect(await link.closedWith()).toBe(linkClose.released)
  })

  it('keeps owner and epoch over an eviction', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await evictDurableObject(stub)
    expect(await stub.describe()).toMatchObject({ session: { idConnector: 'connector-a' } })
    await link.deliver(conversation({ value: 'after' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'after' })
  })
})

describe('keys', () => {
  it('hands a new owner every key but the pre-keys, in slices', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const value = 'A'.repeat(100_000)
    const keys = Array.from({ length: 12 }, (_one, index) => ({ type: 'session', id: `${index}`, value }))
    await link.commit({ keys: [...keys, { type: 'pre-key', id: '1', value: 'QUJD' }] })
    await link.commit({ keys: [{ type: 'creds', id: '', value: 'QUJD' }] })
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    const slices = next.all('keys')
    expect(slices.length).toBeGreaterThan(1)
    expect(slices.map(({ done }) => done)).toEqual(slices.map((_slice, index) => index === slices.length - 1))
    for (const slice of slices) expect(JSON.stringify(slice).length).toBeLessThan(600_000)
    const entries = slices.flatMap((slice) => slice.entries)
    expect(entries).toHaveLength(13)
    expect(entries.find(({ type }) => type === 'creds')).toEqual({ type: 'creds', id: '', value: 'QUJD' })
  })

  it('answers for the keys that exist, forgets what was deleted, and lets the last change count', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.commit({
      keys: [
        { type: 'pre-key', id: '1', value: 'QUFB' },
        { type: 'pre-key', id: '2', value: 'QkJC' },
        { type: 'pre-key', id: '2', value: 'Q0ND' },
        { type: 'pre-key', id: '3', value: 'REREREQ=' },
      ],
    })
    await link.commit({ keys: [{ type: 'pre-key', id: '3', value: null }] })
    link.send({ type: 'readKeys', request: 7, keyType: 'pre-key', ids: ['1', '2', '3', '4'] })
    const { request, entries } = await link.next('keyValues')
    expect(request).toBe(7)
    expect(entries).toEqual([
      { type: 'pre-key', id: '1', value: 'QUFB' },
      { type: 'pre-key', id: '2', value: 'Q0ND' },
    ])
  })

  it('tells a new owner the proofs of recent events', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const event = conversation()
    await link.commit({ events: [{ event, proof: 'hash-of-ciphertext' }, { event: conversation() }] })
    const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    const { recent } = await next.next('welcome')
    expect(recent).toEqual([{ idEvent: event['idEvent'], proof: 'hash-of-ciphertext' }])
  })
})
