import '../whatsapp/quiet.ts'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pullEvents } from '../support/api.ts'
import { linkSession } from '../support/linked-session.ts'
import { makeHugeCases, makeMalformedCases, type MalformedCase } from '../support/malformed-cases.ts'
import { MemoryWatch } from '../support/memory-watch.ts'
import type { AnyEvent } from '../support/receiver.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'

const idSession = 'fuzzed'
const seed = 20_260_101
/** What cannot be read is waited for a minute before it is told without its content. */
const withinMs = 100_000
/** How much the resident memory of either process may grow over all of it; docs/reliability.md names it. */
const maxGrowthMiB = 512

let stage: Stage
let phone: Phone
let ana: Contact
let group: Group
let memory: MemoryWatch<'worker' | 'connector'>
let pids: { worker: number; connector: number }

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'], includeHistory: true })
  phone = await linkSession(stage, idSession, { history: true })
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  const { worker, connector } = stage.installation.pids()
  pids = { worker: worker!, connector: connector! }
  memory = new MemoryWatch(pids)
})

afterAll(async () => {
  await stage?.close()
})

const isMessage = (event: AnyEvent) => event['idMessage'] !== undefined

it('takes malformed messages of every type between good ones: each good one arrives, in order, and none vanishes', async () => {
  const cases = await makeMalformedCases(stage.whatsapp.mediaHost, seed)
  const sent = new Map<string, MalformedCase>()
  const good: string[] = []
  for (const [index, each] of cases.entries()) {
    for (const to of [phone, group]) {
      const { id } = await ana.send(to, each.content, each.options)
      sent.set(id, { ...each, title: `${each.title}${to === group ? ' (group)' : ''}` })
    }
    if (index % 5 === 0) good.push((await ana.send(phone, { text: `good ${index}` })).id)
  }
  good.push((await ana.send(phone, { text: 'the last' })).id)

  const missing = () => {
    const told = new Set(stage.receiver.events().map((event) => event['idMessage']))
    return [...sent].filter(([id]) => !told.has(id)).map(([, { title }]) => title)
  }
  await expect.poll(missing, { timeout: withinMs, interval: 500 }).toEqual([])
  const events = stage.receiver.events().filter(isMessage)
  const ids = events.map((event) => event['idMessage'])
  expect(ids.filter((id) => good.includes(String(id)))).toEqual(good)
  for (const [id, { title, fields = {} }] of sent) {
    const told = events.filter((event) => event['idMessage'] === id)
    expect(told, title).toHaveLength(1)
    expect(told[0], title).toMatchObject(fields)
  }
  const pulled = await pullEvents(stage.api, idSession)
  expect(pulled.map(({ sequence }) => sequence)).toEqual(pulled.map((_, index) => index + 1))
}, 300_000)

it('refuses a zip bomb that comes as history, and goes on', async () => {
  const bomb = deflateSync(Buffer.alloc(512 * 1024 * 1024))
  await phone.shareHistory(phone.companion!, bomb, { chunkOrder: 2 })
  const after = await ana.send(phone, { text: 'after the bomb' })
  await stage.receiver.waitFor((e) => e['idMessage'] === after.id, 'the text after it')
  await expect.poll(() => phone.pending, { timeout: 10_000 }).toEqual([])
})

it('takes huge messages again and again', async () => {
  for (let round = 0; round < 5; round += 1)
    for (const { content, title } of makeHugeCases()) {
      const { id } = await ana.send(phone, content)
      await stage.receiver.waitFor((e) => e['idMessage'] === id, title, 30_000)
    }
}, 120_000)

it('stayed connected through all of it, in the same processes and within bounds', () => {
  expect(phone.isConnected).toBe(true)
  expect(phone.companion!.loginCount).toBe(1)
  expect(stage.installation.pids()).toMatchObject(pids)
  const growth = memory.stop()
  expect(growth.worker).toBeLessThan(maxGrowthMiB)
  expect(growth.connector).toBeLessThan(maxGrowthMiB)
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
