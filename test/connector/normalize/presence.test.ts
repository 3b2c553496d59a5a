import { describe, expect, test } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import { normalizePresence } from '../../../connector/normalize/presence.ts'
import { ana, group, knowing, luis, makeContext } from './builders.ts'

const at = 1_767_225_600_123

describe('presence', () => {
  test('in a direct chat is the person’s', () => {
    const presences = { [ana.lid]: { lastKnownPresence: 'unavailable', lastSeen: 1_767_225_000 } }
    const drafts = normalizePresence({ id: ana.lid, presences }, makeContext(knowing(ana)), at)
    expect(drafts).toStrictEqual([
      {
        idSession: 'support',
        messageType: 'presenceUpdate',
        idEvent: expect.stringMatching(/^evt_/),
        senderNumber: ana.number,
        presence: 'unavailable',
        lastSeen: 1_767_225_000,
      },
    ])
    expect(EventDraft.safeParse(drafts[0]).error).toBeUndefined()
  })

  test('in a group names each participant, with an event each', () => {
    const presences = {
      [ana.lid]: { lastKnownPresence: 'composing' },
      [luis.lid]: { lastKnownPresence: 'recording' },
    }
    const drafts = normalizePresence({ id: group, presences }, makeContext(knowing(ana)), at)
    expect(drafts).toMatchObject([
      { senderNumber: group, participant: ana.number, presence: 'composing' },
      { senderNumber: group, participant: luis.lid, presence: 'recording' },
    ])
    expect(new Set(drafts.map(({ idEvent }) => idEvent)).size).toBe(2)
  })

  test('of an unknown kind, or of nobody, is left out', () => {
    const presences = {
      [ana.number]: { lastKnownPresence: 'dancing' },
      nobody: { lastKnownPresence: 'paused' },
    }
    expect(normalizePresence({ id: ana.number, presences }, makeContext(), at)).toEqual([])
    expect(normalizePresence({ id: '', presences }, makeContext(), at)).toEqual([])
  })
})
