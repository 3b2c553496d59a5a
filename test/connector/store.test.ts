import { beforeEach, describe, expect, it } from 'vitest'
import type { KeyEntry } from '../../schema/link.ts'
import { initAuthCreds } from '../../connector/baileys.ts'
import type { SignalKeyStore } from '../../connector/baileys.ts'
import { makeCipher } from '../../connector/cipher.ts'
import type { Change } from '../../connector/commit-queue.ts'
import { eventType, SessionStore } from '../../connector/store.ts'

const cipher = makeCipher(Buffer.alloc(32, 3), 'a')

/** Where changes go, and where keys come back from: sealed, as in the Worker. */
class Backend {
  readonly changes: Change[] = []
  readonly sealed = new Map<string, KeyEntry>()
  reads = 0
  ackedChange = 0

  record(change: Change): number {
    this.changes.push(change)
    for (const { type, id, value } of change.keys ?? []) {
      const name = `${type} ${id}`
      if (value === null) this.sealed.delete(name)
      else this.sealed.set(name, { type, id, value: cipher.seal(type, id, value).toString('base64') })
    }
    return this.changes.length
  }

  async readKeys(type: string, ids: string[]): Promise<KeyEntry[]> {
    this.reads += 1
    return ids.flatMap((id) => this.sealed.get(`${type} ${id}`) ?? [])
  }
}

let backend: Backend
let events: unknown[]

function openStore(): SessionStore {
  const keys = [...backend.sealed.values()].filter(({ type }) => type !== 'pre-key')
  return new SessionStore({ keys, cipher, backend, onEvents: (entries) => events.push(...entries) })
}

/** What a later connector reads after `write`. */
async function afterRestart(write: (keys: SignalKeyStore) => unknown): Promise<SignalKeyStore> {
  await write(openStore().open().keys)
  return openStore().open().keys
}

beforeEach(() => {
  backend = new Backend()
  events = []
})

describe('the key store', () => {
  it('gives back in another process what was set, bytes as bytes', async () => {
    const pair = { public: Buffer.from([1, 2]), private: Buffer.from([3]) }
    const keys = await afterRestart((store) =>
      store.set({
        'pre-key': { '1': pair },
        'identity-key': { x: new Uint8Array([9, 8]) },
        'device-list': { a: ['0', '1'] },
        'lid-mapping': { '34600': '1000' },
      }),
    )
    expect(await keys.get('pre-key', ['1', '2'])).toEqual({ '1': pair })
    const identity = await keys.get('identity-key', ['x'])
    expect([...identity['x']!]).toEqual([9, 8])
    expect(await keys.get('device-list', ['a', 'b'])).toEqual({ a: ['0', '1'] })
    expect(await keys.get('lid-mapping', ['34600'])).toEqual({ '34600': '1000' })
  })

  it('keeps credentials, and has none of an account that was never linked', () => {
    expect(openStore().loadCreds()).toBeUndefined()
    const creds = initAuthCreds()
    openStore().saveCreds(creds)
    expect(openStore().loadCreds()).toMatchObject({
      registrationId: creds.registrationId,
      noiseKey: { private: creds.noiseKey.private },
    })
  })

  it('keeps credentials as they were when they were saved', () => {
    const creds = initAuthCreds()
    openStore().saveCreds(creds)
    creds.nextPreKeyId = 99
    expect(openStore().loadCreds()?.nextPreKeyId).toBe(1)
  })

  it('makes one change of one set, events included', async () => {
    const entry = { event: { idEvent: 'evt_1' }, proof: 'p' }
    await openStore()
      .open()
      .keys.set({ session: { a: new Uint8Array([1]) }, [eventType]: { evt_1: entry } } as never)
    expect(backend.changes).toHaveLength(1)
    expect(backend.changes[0]).toMatchObject({ keys: [{ type: 'session', id: 'a' }], events: [entry] })
    expect(events).toEqual([entry])
  })

  it('asks for pre-keys alone, and reads those that come next with the first', async () => {
    const made = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index + 7}`, { index }]))
    const keys = await afterRestart((store) => store.set({ 'pre-key': made } as never))
    for (const id of Object.keys(made)) expect(await keys.get('pre-key', [id])).toEqual({ [id]: made[id] })
    await keys.get('session', ['nobody.0'])
    expect(backend.reads).toBe(1)
  })

  it('reads a pre-key from the Worker as soon as it is durable there, and not before', async () => {
    const store = openStore()
    const { keys } = store.open()
    const pair = { public: Buffer.from([1]), private: Buffer.from([2]) }
    await keys.set({ 'pre-key': { '1': pair } })
    await keys.set({ 'pre-key': { '2': pair } })
    backend.ackedChange = 1
    store.acked()
    expect(await keys.get('pre-key', ['2'])).toEqual({ '2': pair })
    expect(backend.reads).toBe(0)
    expect(await keys.get('pre-key', ['1'])).toEqual({ '1': pair })
    expect(backend.reads).toBe(1)
  })

  it('never gives back a pre-key that was used up, whoever knows of that', async () => {
    const store = openStore()
    const { keys } = store.open()
    await keys.set({ 'pre-key': { '1': { public: Buffer.from([1]), private: Buffer.from([2]) } } })
    await keys.set({ 'pre-key': { '1': null } })
    for (backend.ackedChange = 0; backend.ackedChange <= 2; backend.ackedChange++) {
      store.acked()
      expect(await keys.get('pre-key', ['1'])).toEqual({})
    }
  })

  it('does not ask again for a pre-key that was used up here', async () => {
    const pair = { public: Buffer.from([1]), private: Buffer.from([2]) }
    const keys = await afterRestart((store) => store.set({ 'pre-key': { '1': pair } }))
    await keys.set({ 'pre-key': { '1': null } })
    expect(await keys.get('pre-key', ['1'])).toEqual({})
    expect(backend.reads).toBe(0)
    expect(backend.sealed.size).toBe(0)
  })

  it('writes nothing when a value that is often written again has not changed', async () => {
    const keys = await afterRestart((store) => store.set({ 'device-list': { a: ['0'] } }))
    const before = backend.changes.length
    await keys.set({ 'device-list': { a: ['0'] } })
    await keys.set({ session: { unknown: null } })
    expect(backend.changes).toHaveLength(before)
  })

  it('ignores what a closed socket still writes', async () => {
    const view = openStore().open()
    view.detach()
    await view.keys.set({ session: { a: new Uint8Array([1]) } })
    expect(backend.changes).toEqual([])
  })

  it('stores sender keys so that Baileys can read back keys that it skipped', async () => {
    const seed = Buffer.from('a seed of thirty-two bytes ......')
    const record = [{ senderKeyId: 1, senderMessageKeys: [{ iteration: 2, seed }] }]
    const keys = await afterRestart((store) =>
      store.set({ 'sender-key': { g: Buffer.from(JSON.stringify(record)) } }),
    )
    const stored = Buffer.from((await keys.get('sender-key', ['g']))['g']!).toString()
    expect(JSON.parse(stored)[0].senderMessageKeys[0].seed).toEqual({
      type: 'Buffer',
      data: seed.toString('base64'),
    })
  })

  it('knows the number behind a LID, of any device', async () => {
    const store = openStore()
    await store.open().keys.set({ 'lid-mapping': { '1000_reverse': '34600111222' } })
    expect(store.phoneOf('1000:3@lid')).toBe('34600111222@s.whatsapp.net')
    expect(store.phoneOf('2000@lid')).toBeUndefined()
  })
})
