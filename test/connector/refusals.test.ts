import { expect, it } from 'vitest'
import { Refusals } from '../../connector/refusals.ts'
import { useStage } from './harness.ts'

const stage = useStage()

it('stops a session whose commit is refused for ever, loses nothing, and lets its neighbour go on', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession('34911000001')
  const neighbour = await stage.linkSession('34911000002')
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  session.faults.refusedValue = 'poison'
  await ana.send(phone, { text: 'poison' })
  const stopped = await session.wait((seen) => seen.reportsOf('stopped')[0], 18_000)
  expect(stopped.reason).toBe('storageRefused')
  expect(phone.pending).toHaveLength(1)
  await ana.send(neighbour.phone, { text: 'and you?' })
  await neighbour.session.wait(({ events }) => events.some((event) => event['value'] === 'and you?'))
  expect(neighbour.session.reportsOf('stopped')).toEqual([])
})

it('does not give up while something gets through', () => {
  const refusals = new Refusals()
  for (let last = 1; last <= 20; last += 1) {
    refusals.refused()
    expect(refusals.isHopeless(last)).toBe(false)
  }
  expect(refusals.takeVerdict()).toBe(false)
})

it('counts a broken network as no refusal', () => {
  const refusals = new Refusals()
  for (let times = 0; times < 20; times += 1) expect(refusals.isHopeless(7)).toBe(false)
})
