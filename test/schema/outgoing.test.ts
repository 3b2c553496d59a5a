import { describe, expect, it } from 'vitest'
import { OutgoingMessage, SendableMessage } from '../../schema/outgoing.ts'
import { outgoingCases } from '../support/outgoing-cases.ts'

const to = '34600111222@s.whatsapp.net'
const group = '120363041234567890@g.us'
const idFile = 'file_Zk7wE4tQ9sNf2uHb6jXyRc'
const targetMessage = { idMessage: '3EB0THEIRS' }

it('is told to a connector as what it is, not as a forward', () => {
  const message = { messageType: 'forwardedMessage', to, idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd' }
  expect(OutgoingMessage.safeParse(message).success).toBe(true)
  expect(SendableMessage.safeParse(message).success).toBe(false)
})

describe('a message to be sent', () => {
  it.each(outgoingCases)('may be $title', ({ message, file }) => {
    const given = { ...message, to, ...(file && { idFile }) }
    expect(OutgoingMessage.parse(given)).toEqual(given)
  })

  it.each([
    ['a file', 'idFile', { messageType: 'imageMessage', to }],
    [
      'a caption on a round note',
      'caption',
      { messageType: 'videoMessage', to, idFile, isVideoNote: true, caption: 'x' },
    ],
    [
      'a round GIF',
      'isVideoNote',
      { messageType: 'videoMessage', to, idFile, isVideoNote: true, isAnimated: true },
    ],
    [
      'a view-once forward',
      'isViewOnce',
      { messageType: 'imageMessage', to, idFile, isViewOnce: true, isForwarded: true },
    ],
    [
      'a poll that repeats an answer',
      'options',
      { messageType: 'pollCreationMessage', to, value: 'a', options: ['a', 'a'] },
    ],
    [
      'more choices than answers',
      'selectableCount',
      { messageType: 'pollCreationMessage', to, value: 'a', options: ['a', 'b'], selectableCount: 3 },
    ],
    [
      'a reaction in a group to nobody',
      'targetMessage.participant',
      { messageType: 'reactionMessage', to: group, value: '👍', targetMessage },
    ],
    [
      'a quote in a group of nobody',
      'quoted.participant',
      { messageType: 'conversation', to: group, value: 'a', quoted: targetMessage },
    ],
    [
      'a preview of a link that is not in the text',
      'linkPreview.url',
      {
        messageType: 'conversation',
        to,
        value: 'See shop.example',
        linkPreview: { url: 'https://shop.example', title: 'Summer' },
      },
    ],
    [
      'a preview of no link',
      'linkPreview.url',
      {
        messageType: 'conversation',
        to,
        value: 'javascript:alert(1)',
        linkPreview: { url: 'javascript:alert(1)', title: 'Summer' },
      },
    ],
    ['no contacts', 'contacts', { messageType: 'contactMessage', to, contacts: [] }],
    [
      'a card that is none',
      'contacts.0.vcard',
      { messageType: 'contactMessage', to, contacts: [{ displayName: 'a', vcard: 'b' }] },
    ],
    ['a place that is none', 'latitude', { messageType: 'locationMessage', to, latitude: 91, longitude: 0 }],
    [
      'more than a week to wait',
      'expiresAfterSeconds',
      { messageType: 'conversation', to, value: 'a', expiresAfterSeconds: 604_801 },
    ],
    [
      'no time to wait',
      'expiresAfterSeconds',
      { messageType: 'conversation', to, value: 'a', expiresAfterSeconds: 0 },
    ],
  ])('is refused with the field named: %s', (_, path, message) => {
    const parsed = OutgoingMessage.safeParse(message)
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path])
  })
})
