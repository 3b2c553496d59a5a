import './remedies.ts'
import { expect, it } from 'vitest'
import type { BinaryNode } from '../../connector/baileys.ts'
import { readGroupReceipts } from '../../connector/receipt-event.ts'

const group = '120363041234567890@g.us'
const context = {
  idSession: 'support',
  phoneOf: (lid: string) => (lid === '111@lid' ? '34600111222@s.whatsapp.net' : undefined),
  isOwn: (jid: string) => jid === '999@lid',
  now: () => 1_767_225_600_000,
}

const receipt = (attrs: Record<string, string>, content?: BinaryNode[]): BinaryNode => ({
  tag: 'receipt',
  attrs: { id: 'A', from: group, t: '1767225601', ...attrs },
  ...(content && { content }),
})

const read = (node: BinaryNode) =>
  readGroupReceipts(node, context).map((event) => {
    const { idMessage, participant, status, messageTimestamp } = event as unknown as Record<string, unknown>
    return [idMessage, participant, status, messageTimestamp]
  })

const ana = '34600111222@s.whatsapp.net'

it('reads one member and several messages', () => {
  const list: BinaryNode = { tag: 'list', attrs: {}, content: [{ tag: 'item', attrs: { id: 'B' } }] }
  expect(read(receipt({ participant: '111:3@lid', type: 'read' }, [list]))).toEqual([
    ['A', ana, 'read', 1767225601],
    ['B', ana, 'read', 1767225601],
  ])
})

it('reads many members at once', () => {
  const users: BinaryNode[] = [
    { tag: 'user', attrs: { jid: '111@lid', t: '1767225602' } },
    { tag: 'user', attrs: { jid: '222@lid' } },
  ]
  const node = receipt({}, [{ tag: 'participants', attrs: { key: 'C' }, content: users }])
  expect(read(node)).toEqual([
    ['C', ana, 'delivered', 1767225602],
    ['C', '222@lid', 'delivered', 1767225601],
  ])
})

it.each([
  ['the account’s own devices', receipt({ participant: '999:2@lid' })],
  ['a kind that says nothing of a member', receipt({ participant: '111@lid', type: 'sender' })],
  ['a retry', receipt({ participant: '111@lid', type: 'retry' })],
  ['a direct chat', receipt({ from: '111@lid', type: 'read' })],
])('makes nothing of %s', (_, node) => {
  expect(read(node)).toEqual([])
})
