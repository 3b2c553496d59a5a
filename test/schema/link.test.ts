import { describe, expect, it } from 'vitest'
import { FleetUpFrame, LINK_VERSION, LinkDownFrame, LinkUpFrame } from '../../schema/link.ts'

const commit = { type: 'commit', epoch: 1, n: 1 }

describe('a frame of the link', () => {
  it('is accepted with keys, events and reports', () => {
    const frame = {
      ...commit,
      keys: [
        { type: 'session', id: '34600111222.0', value: 'AAEC' },
        { type: 'pre-key', id: '1', value: null },
      ],
      events: [{ event: { messageType: 'conversation' }, proof: 'abc' }],
      reports: [{ report: 'qr', qr: 'https://wa.me/x', expiresAt: 1767225600 }],
    }
    expect(LinkUpFrame.parse(frame)).toEqual(frame)
  })

  it.each([
    ['an unknown type', { ...commit, type: 'surprise' }],
    ['an unknown field', { ...commit, surprise: 1 }],
    ['a commit number of zero', { ...commit, n: 0 }],
    ['a key that is not base64', { ...commit, keys: [{ type: 'session', id: 'a', value: '*' }] }],
    ['a report of an unknown kind', { ...commit, reports: [{ report: 'surprise' }] }],
  ])('is refused with %s', (_, frame) => {
    expect(LinkUpFrame.safeParse(frame).success).toBe(false)
  })

  it('is refused in the other direction', () => {
    expect(LinkDownFrame.safeParse(commit).success).toBe(false)
    expect(FleetUpFrame.safeParse({ type: 'welcome', version: LINK_VERSION, beatSeconds: 5 }).success).toBe(
      false,
    )
  })
})
