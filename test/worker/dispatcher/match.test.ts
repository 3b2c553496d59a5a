import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coreEvents, events, type MessageType } from '../../../schema/event/event.ts'
import { laneOf, matches, possibleLanes, type EventHead } from '../../../worker/dispatcher/match.ts'

const types = Object.keys(events) as MessageType[]
const everything = {
  idSubscription: 'sub_me',
  events: '*' as const,
  sessions: null,
  includeFromMe: true,
  includeHistory: true,
}
const heads: fc.Arbitrary<EventHead> = fc
  .record({
    idSession: fc.constantFrom('one', 'two'),
    messageType: fc.constantFrom(...types),
    idEvent: fc.constant('evt_1'),
    senderNumber: fc.option(fc.constantFrom('a@g.us', 'b@g.us'), { nil: undefined }),
    isFromMe: fc.boolean(),
    isHistory: fc.boolean(),
    idSubscription: fc.constantFrom('sub_me', 'sub_other'),
  })
  .map((head) => head as EventHead)
const filters = fc.record({
  idSubscription: fc.constant('sub_me'),
  events: fc.oneof(fc.constant(null), fc.constant('*' as const), fc.subarray(types)),
  sessions: fc.option(fc.subarray(['one', 'two'])),
  includeFromMe: fc.boolean(),
  includeHistory: fc.boolean(),
})

describe('match', () => {
  it('gives a subscription without types the eight of the core contract', () => {
    const wanted = types.filter((messageType) =>
      matches({ ...everything, events: null }, { idSession: 'one', messageType, idEvent: 'evt_1' }),
    )
    expect(wanted).toEqual(Object.keys(coreEvents))
  })

  it('lets through only what every part of the filter allows', () => {
    fc.assert(
      fc.property(filters, heads, (filter, head) => {
        if (!matches(filter, head)) return
        expect(filter.includeFromMe || !head.isFromMe).toBe(true)
        expect(filter.includeHistory || !head.isHistory).toBe(true)
        expect(filter.sessions?.includes(head.idSession) ?? true).toBe(true)
        expect(head.messageType !== 'subscriptionUpdate' || head.idSubscription !== 'sub_me').toBe(true)
        const wanted: readonly string[] =
          filter.events === '*' ? types : (filter.events ?? Object.keys(coreEvents))
        expect(wanted).toContain(head.messageType)
      }),
    )
  })

  it('lets everything through that nothing speaks against', () => {
    fc.assert(
      fc.property(heads, (head) => {
        const isAboutItself = head.messageType === 'subscriptionUpdate' && head.idSubscription === 'sub_me'
        expect(matches(everything, head)).toBe(!isAboutItself)
      }),
    )
  })

  it('puts an event in a lane that it is looked for in, whatever the ordering was', () => {
    fc.assert(
      fc.property(heads, fc.constantFrom('chat', 'session', 'none'), fc.nat(), (head, ordering, sequence) => {
        expect(possibleLanes(head, sequence)).toContain(laneOf(ordering, head, sequence))
      }),
    )
  })

  it('keeps chats apart, and the session’s own events from all of them', () => {
    const event = (senderNumber?: string) =>
      ({ idSession: 'one', messageType: 'conversation', idEvent: 'evt_1', senderNumber }) as EventHead
    const lanes = [event('a'), event('b'), event()].map((head) => laneOf('chat', head, 1))
    expect(new Set(lanes).size).toBe(3)
    expect(laneOf('session', event('a'), 1)).toBe(laneOf('session', event(), 2))
    expect(laneOf('none', event('a'), 1)).not.toBe(laneOf('none', event('a'), 2))
  })
})
