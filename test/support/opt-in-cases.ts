import type { Content } from '../whatsapp/content.ts'
import type { MessageCase } from './message-cases.ts'

const target = { id: '3EB0TARGET', fromMe: true }

/** Who writes, as its event names them: what is about a message is about one of theirs. */
export interface Author {
  jid: string
  isFromMe?: true
}

/** The types that only a subscription that names them gets, written by somebody about a message of their own. */
export function optInCases({ jid, isFromMe }: Author): MessageCase[] {
  const targetMessage = { idMessage: target.id, participant: jid, ...(isFromMe && { isFromMe }) }
  const raw = (
    title: string,
    message: Extract<Content, { raw: unknown }>['raw'],
    fields: MessageCase['fields'],
  ) => ({
    title,
    content: { raw: message },
    fields,
  })
  return [
    {
      title: 'a place',
      content: { location: { latitude: 40.4168, longitude: -3.7038, name: 'Sol', address: 'Madrid' } },
      fields: {
        messageType: 'locationMessage',
        latitude: 40.4168,
        longitude: -3.7038,
        name: 'Sol',
        address: 'Madrid',
      },
    },
    {
      title: 'a live place',
      content: { location: { latitude: 40.5, longitude: -3.5, live: true } },
      fields: { messageType: 'locationMessage', latitude: 40.5, isLive: true },
    },
    {
      title: 'a poll',
      content: { poll: { question: 'When?', options: ['Monday', 'Tuesday'] } },
      fields: {
        messageType: 'pollCreationMessage',
        value: 'When?',
        options: ['Monday', 'Tuesday'],
        selectableCount: 1,
      },
    },
    raw(
      'a vote in a poll that the session never saw',
      { pollUpdateMessage: { pollCreationMessageKey: target, vote: {} } },
      { messageType: 'pollUpdateMessage', targetMessage, selectedOptions: undefined },
    ),
    {
      title: 'a reaction',
      content: { reaction: '👍', target },
      fields: { messageType: 'reactionMessage', value: '👍', targetMessage },
    },
    {
      title: 'an edit',
      content: { edit: 'New text', target },
      fields: { messageType: 'editedMessage', value: 'New text', targetMessage },
    },
    {
      title: 'a revocation',
      content: { revoke: target },
      fields: { messageType: 'revokedMessage', targetMessage },
    },
    raw(
      'a button',
      { buttonsResponseMessage: { selectedButtonId: 'yes', selectedDisplayText: 'Yes, please' } },
      { messageType: 'buttonsResponseMessage', selectedId: 'yes', value: 'Yes, please' },
    ),
    raw(
      'a row of a list',
      { listResponseMessage: { title: 'Large', singleSelectReply: { selectedRowId: 'l' } } },
      { messageType: 'listResponseMessage', selectedId: 'l', value: 'Large' },
    ),
    raw(
      'something without a type of its own',
      { eventMessage: { name: 'Party' } },
      { messageType: 'unsupportedMessage', wireType: 'eventMessage', unsupportedReason: 'unknownType' },
    ),
  ]
}
