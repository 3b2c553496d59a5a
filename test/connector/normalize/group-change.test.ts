import { expect, test } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import { proto } from '../../../connector/baileys.ts'
import { normalizeMessage } from '../../../connector/normalize/normalize.ts'
import type { NormalizeContext } from '../../../connector/normalize/wire-message.ts'
import { ana, group, idEventIn, knowing, luis, makeContext, own, timestamp } from './builders.ts'

const stub = proto.WebMessageInfo.StubType

/** A notice as Baileys emits it: passed through the protobuf of history, which knows no alternate addresses. */
function notice(stubType: number, parameters: string[], context: Partial<NormalizeContext> = {}) {
  const message = proto.WebMessageInfo.fromObject({
    key: { remoteJid: group, participant: ana.lid, id: 'N1', fromMe: false },
    messageStubType: stubType,
    messageStubParameters: parameters,
    messageTimestamp: timestamp,
  })
  const draft = normalizeMessage(message as never, makeContext(context))?.draft
  expect(EventDraft.safeParse(draft).error).toBeUndefined()
  return draft
}

const common = {
  idSession: 'support',
  idEvent: idEventIn(group, ana.lid, 'N1'),
  senderNumber: group,
  messageTimestamp: timestamp,
  participant: ana.number,
}

test.each([
  [stub.GROUP_CREATE, ['Familia'], 'created', 'Familia'],
  [stub.GROUP_CHANGE_SUBJECT, ['Fin de semana'], 'subject', 'Fin de semana'],
  [stub.GROUP_CHANGE_DESCRIPTION, ['Planes'], 'description', 'Planes'],
  [stub.GROUP_CHANGE_DESCRIPTION, [], 'description', ''],
  [stub.GROUP_CHANGE_ICON, ['1767225600'], 'picture', '1767225600'],
  [stub.GROUP_CHANGE_ANNOUNCE, ['on'], 'announcement', 'on'],
  [stub.GROUP_CHANGE_RESTRICT, ['off'], 'locked', 'off'],
  [stub.GROUP_CHANGE_INVITE_LINK, ['AbC'], 'inviteCode', 'AbC'],
  [stub.GROUP_MEMBER_ADD_MODE, ['all_member_add'], 'memberAddMode', 'all_member_add'],
  [stub.GROUP_MEMBERSHIP_JOIN_APPROVAL_MODE, ['on'], 'joinApproval', 'on'],
  [stub.GROUP_DELETE, [], 'other', 'GROUP_DELETE'],
  [stub.COMMUNITY_CREATE, ['x'], 'other', 'COMMUNITY_CREATE'],
])('notice %i of a group with %o is %s', (stubType, parameters, action, value) => {
  expect(notice(stubType, parameters, knowing(ana))).toStrictEqual({
    ...common,
    messageType: 'groupUpdate',
    action,
    value,
  })
})

test('disappearing messages of a group are a change of it', () => {
  const message = proto.WebMessageInfo.fromObject({
    key: { remoteJid: group, participant: ana.lid, id: 'N1', fromMe: false },
    message: {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING,
        ephemeralExpiration: 86_400,
      },
    },
    messageTimestamp: timestamp,
  })
  expect(normalizeMessage(message as never, makeContext(knowing(ana)))?.draft).toStrictEqual({
    ...common,
    messageType: 'groupUpdate',
    action: 'ephemeral',
    value: '86400',
  })
})

const luisTold = JSON.stringify({ id: luis.lid, phoneNumber: luis.number, admin: null })
const luisAlone = JSON.stringify({ id: luis.lid, admin: null })

test.each([
  [stub.GROUP_PARTICIPANT_ADD, 'add'],
  [stub.GROUP_PARTICIPANT_INVITE, 'add'],
  [stub.GROUP_PARTICIPANT_REMOVE, 'remove'],
  [stub.GROUP_PARTICIPANT_LEAVE, 'remove'],
  [stub.GROUP_PARTICIPANT_PROMOTE, 'promote'],
  [stub.GROUP_PARTICIPANT_DEMOTE, 'demote'],
])('notice %i of participants is %s', (stubType, action) => {
  expect(notice(stubType, [luisTold, luisTold], knowing(ana))).toStrictEqual({
    ...common,
    messageType: 'groupParticipantsUpdate',
    action,
    participants: [luis.number],
  })
})

test('participants are resolved like everybody else', () => {
  const parameters = [luisAlone, own.lid, '34600999888@s.whatsapp.net']
  expect(notice(stub.GROUP_PARTICIPANT_ADD, parameters, knowing(ana, luis))).toHaveProperty('participants', [
    luis.number,
    own.number,
    '34600999888@s.whatsapp.net',
  ])
  expect(notice(stub.GROUP_PARTICIPANT_ADD, [luisAlone])).toMatchObject({
    participant: ana.lid,
    participants: [luis.lid],
  })
})

test('a change of number names the bare addresses', () => {
  expect(notice(stub.GROUP_PARTICIPANT_CHANGE_NUMBER, [luis.number])).toMatchObject({
    action: 'modify',
    participants: [luis.number],
  })
})

test('participants that nobody can read are left out', () => {
  expect(notice(stub.GROUP_PARTICIPANT_ADD, ['{', 'x', '{"id":5}'])).toHaveProperty('participants', [])
})

test('a notice that is no group’s is told by its name', () => {
  const message = {
    key: { remoteJid: ana.number, id: 'N1' },
    message: { call: { callKey: Buffer.from('x') } },
    messageStubType: stub.CALL_MISSED_VOICE,
    messageTimestamp: timestamp,
  }
  expect(normalizeMessage(message, makeContext())?.draft).toMatchObject({
    messageType: 'unsupportedMessage',
    wireType: 'CALL_MISSED_VOICE',
    unsupportedReason: 'unknownType',
  })
})

test('a message that history shows as deleted is a revocation of itself', () => {
  const message = {
    key: { remoteJid: ana.number, id: 'N1' },
    messageStubType: stub.REVOKE,
    messageTimestamp: timestamp,
  }
  expect(normalizeMessage(message, makeContext({ isHistory: true }))?.draft).toMatchObject({
    messageType: 'revokedMessage',
    targetMessage: { idMessage: 'N1', participant: ana.number },
    isHistory: true,
  })
})
