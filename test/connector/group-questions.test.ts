import { expect, it } from 'vitest'
import type { GroupQuestion } from '../../connector/group-questions.ts'
import { answerQuestion } from '../../connector/questions.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()

async function setUp() {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const bob = world.whatsapp.createContact({ number: '34600111333', name: 'Bob' })
  const tools = {
    socket: client.socket,
    phoneOf: () => undefined,
    openFile: () => Promise.reject(new Error('there are no files')),
    authorIn: async (_group: string, jid: string) => world.whatsapp.world.personOf(jid)?.lidJid ?? jid,
  }
  const ask = (question: GroupQuestion) => answerQuestion('c1', question, tools)
  const createGroup = (members: 'own' | 'foreign') =>
    world.whatsapp.createGroup({
      subject: 'Friends',
      members: members === 'own' ? [phone, ana] : [ana, phone],
    })
  return { phone, ana, bob, ask, createGroup }
}

const member = (person: { pnJid: string | undefined; lidJid: string }, role = 'member') => ({
  jid: person.pnJid,
  number: person.pnJid,
  lid: person.lidJid,
  role,
})

it('creates, reads and lists groups, with people by number', async () => {
  const { phone, ana, ask, createGroup } = await setUp()
  const made = await ask({ kind: 'createGroup', subject: 'Neighbours', participants: [ana.pnJid!] })
  expect(made.result).toMatchObject({
    subject: 'Neighbours',
    owner: phone.pnJid,
    description: '',
    size: 2,
    isAnnouncement: false,
    participants: [member(phone, 'owner'), member(ana)],
  })
  const other = createGroup('foreign')
  const {
    participants: _people,
    description: _description,
    ...summary
  } = made.result as Record<string, unknown>
  const { result } = await ask({ kind: 'listGroups' })
  expect((result!['groups'] as { jid: string }[]).map(({ jid }) => jid)).toContain(other.jid)
  expect(result!['groups']).toContainEqual(summary)
  const read = await ask({ kind: 'readGroup', jid: other.jid })
  expect(read.result).toMatchObject({ owner: ana.pnJid, participants: [member(ana, 'owner'), member(phone)] })
})

it('changes subject, description and settings, and answers the group as it is then', async () => {
  const { ask, createGroup } = await setUp()
  const { jid } = createGroup('own')
  const changes = { subject: 'Family', description: 'All of us', isAnnouncement: true, isLocked: true }
  expect((await ask({ kind: 'updateGroup', jid, ...changes })).result).toMatchObject(changes)
  const back = { description: '', isAnnouncement: false }
  expect((await ask({ kind: 'updateGroup', jid, ...back })).result).toMatchObject({
    subject: 'Family',
    ...back,
  })
})

it('says of each person what became of them', async () => {
  const { ana, bob, ask, createGroup } = await setUp()
  const group = createGroup('own')
  const change = async (action: 'add' | 'remove' | 'promote' | 'demote', ...participants: string[]) =>
    (await ask({ kind: 'changeParticipants', jid: group.jid, action, participants })).result!['participants']
  const done = (jid: string) => ({ jid, status: 'done', errorCode: null, errorText: null })
  const nobody = '34600999999@s.whatsapp.net'
  bob.refusesGroups = true
  const [refused] = (await change('add', bob.pnJid!)) as { errorCode: string; errorText: string }[]
  expect(refused).toMatchObject({
    errorCode: '403',
    errorText: expect.stringContaining('Send the invitation'),
  })
  bob.refusesGroups = false
  expect(await change('add', nobody, bob.pnJid!)).toEqual([
    { jid: nobody, status: 'refused', errorCode: '404', errorText: expect.stringContaining('Nobody has') },
    done(bob.pnJid!),
  ])
  expect(await change('promote', ana.pnJid!)).toEqual([done(ana.pnJid!)])
  expect(group.admins.has(ana)).toBe(true)
  expect(await change('demote', ana.pnJid!)).toEqual([done(ana.pnJid!)])
  expect(await change('remove', bob.pnJid!)).toEqual([done(bob.pnJid!)])
  expect(group.members).not.toContain(bob)
})

it('shows the invitation, renews it, joins by it and leaves', async () => {
  const { phone, ana, ask, createGroup } = await setUp()
  const own = createGroup('own')
  const before = await ask({ kind: 'groupInvite', jid: own.jid, isRenewed: false })
  expect(before.result).toEqual({
    inviteCode: own.inviteCode,
    inviteUrl: `https://chat.whatsapp.com/${own.inviteCode}`,
  })
  const after = await ask({ kind: 'groupInvite', jid: own.jid, isRenewed: true })
  expect(after.result!['inviteCode']).not.toBe(before.result!['inviteCode'])
  const foreign = world.whatsapp.createGroup({ subject: 'Club', members: [ana] })
  const joined = await ask({ kind: 'joinGroup', inviteCode: foreign.inviteCode })
  expect(joined.result).toEqual({ jid: foreign.jid })
  expect(foreign.members).toContain(phone)
  expect(await ask({ kind: 'leaveGroup', jid: foreign.jid })).toMatchObject({ outcome: 'done' })
  expect(foreign.members).not.toContain(phone)
})

it('tells why WhatsApp refuses', async () => {
  const { ana, ask, createGroup } = await setUp()
  const { jid, inviteCode } = createGroup('foreign')
  const nowhere = '120363000000000000@g.us'
  const refused = async (question: GroupQuestion) => {
    const { outcome, errorCode } = await ask(question)
    return outcome === 'failed' ? errorCode : outcome
  }
  expect(await refused({ kind: 'readGroup', jid: nowhere })).toBe('groupNotFound')
  expect(await refused({ kind: 'leaveGroup', jid: nowhere })).toBe('groupNotFound')
  expect(await refused({ kind: 'updateGroup', jid, isLocked: true })).toBe('notGroupAdmin')
  expect(await refused({ kind: 'groupInvite', jid, isRenewed: true })).toBe('notGroupAdmin')
  const removal = { action: 'remove' as const, participants: [ana.pnJid!] }
  expect(await refused({ kind: 'changeParticipants', jid, ...removal })).toBe('notGroupAdmin')
  expect(await refused({ kind: 'joinGroup', inviteCode: `${inviteCode}x` })).toBe('inviteInvalid')
})
