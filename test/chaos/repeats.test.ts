import { expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { findNeedless, type Outage } from './repeats.ts'

const killedAt = 1_000_000
const kill = [{ from: killedAt, until: killedAt }]

const find = (ledger: Ledger, outages: Outage[]) => findNeedless(ledger, outages).map(({ text }) => text)

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
  expect(find(ledgerOf(1, killedAt), [])).toHaveLength(1)
})

it('finds that one kill repeats more than may be unwritten', () => {
  expect(find(ledgerOf(57, killedAt - 200), kill)).toEqual(['shop at outage 0: 57 came again'])
})

it('lets a full disk repeat all that it could not write', () => {
  const full = [{ from: killedAt, until: killedAt + 5000 }]
  expect(find(ledgerOf(500, killedAt + 4000), full)).toEqual([])
})
