import { expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { Outages } from './outages.ts'
import { findNeedless } from './repeats.ts'

function outagesOf(all: Outages['all'], freezes: Outages['freezes'] = []): Outages {
  const outages = new Outages()
  outages.all.push(...all)
  outages.freezes.push(...freezes)
  return outages
}

const killedAt = 1_000_000
const kill = outagesOf([{ from: killedAt, until: killedAt, isKill: true }])

const find = (ledger: Ledger, outages: Outages) => findNeedless(ledger, outages).map(({ text }) => text)

/** So many webhooks that came first at this moment, and again two seconds later. */
function ledgerOf(count: number, firstAt: number): Ledger {
  const ledger = new Ledger()
  for (let index = 0; index < count; index++)
    ledger.repeats.push({ idEvent: `evt_${index}`, idSession: 'shop', firstAt, againAt: firstAt + 2000 })
  return ledger
}

it('takes what came just before a kill, or was under way, for repeated with reason', () => {
  expect(find(ledgerOf(56, killedAt - 200), kill)).toEqual([])
  expect(find(ledgerOf(1, killedAt + 100), kill)).toEqual([])
})

it('finds a webhook that came again although nothing was killed', () => {
  expect(find(ledgerOf(1, killedAt - 5000), kill)).toEqual([
    'a webhook of shop came again after 2.0 s: nothing was killed',
  ])
  expect(find(ledgerOf(1, killedAt), outagesOf([]))).toHaveLength(1)
})

it('finds that one kill repeats more than may be unwritten', () => {
  expect(find(ledgerOf(57, killedAt - 200), kill)).toEqual(['shop at outage 0: 57 came again'])
})

it('lets a full disk repeat all that it could not write', () => {
  const full = outagesOf([{ from: killedAt, until: killedAt + 5000, isKill: false }])
  expect(find(ledgerOf(500, killedAt + 4000), full)).toEqual([])
})

it('does not count the time in which the Worker was frozen', () => {
  const freeze = { from: killedAt - 5000, until: killedAt - 500 }
  const frozen = outagesOf(kill.all, [freeze])
  expect(find(ledgerOf(1, killedAt - 5200), frozen)).toEqual([])
  expect(find(ledgerOf(1, killedAt - 7000), frozen)).toHaveLength(1)
})

it('takes for a repeat what comes again after it was answered well, and nothing else', () => {
  const ledger = new Ledger()
  const event = { idEvent: 'evt_1', idSession: 'shop', messageType: 'conversation', idMessage: 'A' }
  const come = (status: number | undefined) => {
    const attempt = ledger.attempt(event.idEvent)
    ledger.arrive(event, attempt)
    attempt.status = status
  }
  come(undefined)
  come(undefined)
  come(204)
  expect(ledger.repeats).toEqual([])
  come(undefined)
  come(204)
  expect(ledger.repeats).toHaveLength(2)
})
