import { describe, expect, it } from 'vitest'
import { problem } from '../support/api-client.ts'
import { type AskedRoute, expectAsked, expectGuarded } from '../support/asked-route.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

const jid = '120363041234567890@g.us'
const ana = '34600111222@s.whatsapp.net'
const path = '/v1/sessions/support/groups'
const summary = {
  jid,
  subject: 'Neighbours',
  owner: '34911222333@s.whatsapp.net',
  createdAt: '2026-01-31T12:00:00.000Z',
  size: 1,
  isAnnouncement: false,
  isLocked: false,
  ephemeralSeconds: 0,
}
const group = {
  ...summary,
  description: '',
  participants: [{ jid: ana, number: ana, lid: '180001112223334@lid', role: 'member' }],
}
const invite = { inviteCode: 'HjVq2kY8mNwB4xZ', inviteUrl: 'https://chat.whatsapp.com/HjVq2kY8mNwB4xZ' }
const done = { jid: ana, status: 'done', errorCode: null, errorText: null }

interface Case extends AskedRoute {
  status: number
}

const cases: Case[] = [
  {
    method: 'GET',
    path,
    question: { kind: 'listGroups' },
    answer: { groups: [summary] },
    status: 200,
  },
  {
    method: 'POST',
    path,
    json: { subject: 'Neighbours', participants: ['+34 600 111 222'] },
    question: { kind: 'createGroup', subject: 'Neighbours', participants: [ana] },
    answer: group,
    status: 201,
  },
  {
    method: 'GET',
    path: `${path}/${jid}`,
    question: { kind: 'readGroup', jid },
    answer: group,
    status: 200,
  },
  {
    method: 'PATCH',
    path: `${path}/${jid}`,
    json: { description: '', isLocked: true },
    question: { kind: 'updateGroup', jid, description: '', isLocked: true },
    answer: group,
    status: 200,
  },
  {
    method: 'POST',
    path: `${path}/${jid}/participants`,
    json: { action: 'promote', participants: [ana] },
    question: { kind: 'changeParticipants', jid, action: 'promote', participants: [ana] },
    answer: { participants: [done] },
    status: 200,
  },
  {
    method: 'GET',
    path: `${path}/${jid}/invite`,
    question: { kind: 'groupInvite', jid, isRenewed: false },
    answer: invite,
    status: 200,
  },
  {
    method: 'POST',
    path: `${path}/${jid}/invite`,
    question: { kind: 'groupInvite', jid, isRenewed: true },
    answer: invite,
    status: 200,
  },
  {
    method: 'POST',
    path: `${path}/join`,
    json: { inviteCode: `${invite.inviteUrl}?mode=1` },
    question: { kind: 'joinGroup', inviteCode: invite.inviteCode },
    answer: { jid },
    status: 200,
  },
  { method: 'DELETE', path: `${path}/${jid}`, question: { kind: 'leaveGroup', jid }, status: 204 },
]

describe('groups', () => {
  it.each(cases)('are asked of WhatsApp at once: $method $path', async (each) => {
    await expectAsked(each, each.status)
  })

  it.each([
    ['groupNotFound', 404],
    ['notGroupMember', 409],
    ['notGroupAdmin', 409],
    ['inviteInvalid', 422],
    ['refusedByWhatsApp', 422],
    ['rateLimited', 429],
    ['notAnswered', 503],
  ])('are refused with WhatsApp’s reason: %s is %i', async (errorCode, status) => {
    const { customer, link } = await makeLinked()
    const answering = customer.patch(`${path}/${jid}`, { subject: 'Friends' })
    const { idCommand } = await link.next('command')
    const errorText = 'Only administrators may.'
    await link.report({ report: 'command', idCommand, outcome: 'failed', errorCode, errorText })
    const answer = await answering
    expect(answer).toMatchObject(problem(status, errorCode))
    expect(answer.body['detail']).toBe(errorText)
  })

  it('are not asked about with what WhatsApp would not take', async () => {
    const { customer, link } = await makeLinked()
    const people = Array.from({ length: 101 }, (_, index) => `3460011${index}@s.whatsapp.net`)
    const invalid = problem(422, 'validationFailed')
    expect(await customer.post(path, { subject: '', participants: [] })).toMatchObject(invalid)
    expect(await customer.post(path, { subject: 'a'.repeat(101), participants: [] })).toMatchObject(invalid)
    expect(await customer.patch(`${path}/${jid}`, {})).toMatchObject(invalid)
    expect(await customer.patch(`${path}/${jid}`, { description: 'a'.repeat(2049) })).toMatchObject(invalid)
    const change = { action: 'add', participants: people }
    expect(await customer.post(`${path}/${jid}/participants`, change)).toMatchObject(invalid)
    expect(await customer.post(`${path}/join`, { inviteCode: 'https://elsewhere.example/x' })).toMatchObject(
      invalid,
    )
    expect(await customer.get(`${path}/${ana}`)).toMatchObject(problem(404, 'notFound'))
    expect(link.all('command')).toEqual([])
  })

  it.each(cases)('ask for a scope, and are not another tenant’s: $method $path', async (each) => {
    await expectGuarded(each, 'messages')
  })
})

describe('a group under an Idempotency-Key', () => {
  async function makeMaker() {
    const { customer, link } = await makeLinked()
    const make = (subject = 'Neighbours', key = 'g-1') =>
      customer.call('POST', path, {
        json: { subject, participants: [ana] },
        headers: { 'idempotency-key': key },
      })
    /** Answers the connector's command number `index`. */
    const answer = async (index: number, outcome: Record<string, unknown>) => {
      await expect.poll(() => link.all('command').length).toBeGreaterThan(index)
      const { idCommand } = link.all('command')[index]!
      await link.report({ report: 'command', idCommand, ...outcome } as never)
    }
    const asked = () => link.all('command').map(({ command }) => command.kind)
    return { customer, link, make, answer, asked }
  }
  const done = { outcome: 'done', result: group }
  const failed = (errorCode: string) => ({ outcome: 'failed', errorCode, errorText: 'It did not go.' })

  it('is made once, and read by who asks again', async () => {
    const { make, answer, asked } = await makeMaker()
    const both = [make(), make()]
    await answer(0, done)
    for (const one of both) expect(await one).toMatchObject({ status: 201, body: group })
    const again = make()
    await answer(1, { outcome: 'done', result: { ...group, subject: 'Renamed' } })
    expect(await again).toMatchObject({ status: 201, body: { jid, subject: 'Renamed' } })
    expect(asked()).toEqual(['createGroup', 'readGroup'])
    expect(await make('Others')).toMatchObject(problem(422, 'idempotencyConflict'))
    const other = make('Neighbours', 'g-2')
    await answer(2, done)
    expect((await other).status).toBe(201)
    expect(asked()).toEqual(['createGroup', 'readGroup', 'createGroup'])
  })

  it('is not made a second time when nobody knows what came of the first', async () => {
    const { make, answer, asked } = await makeMaker()
    const lost = make()
    await answer(0, failed('notAnswered'))
    expect(await lost).toMatchObject(problem(503, 'notAnswered'))
    expect(await make()).toMatchObject(problem(409, 'outcomeUnknown'))
    expect(asked()).toEqual(['createGroup'])
  })

  it('may be asked for again when WhatsApp has refused it, or nobody could be asked', async () => {
    const { customer, link, make, answer } = await makeMaker()
    const refused = make()
    await answer(0, failed('rateLimited'))
    expect(await refused).toMatchObject(problem(429, 'rateLimited'))
    link.close()
    await expect.poll(async () => (await make()).status).toBe(503)
    const again = await linkTo(customer, 'support')
    await again.report({ report: 'connected', number: '34911222333@s.whatsapp.net' })
    const made = make()
    const { idCommand } = await again.next('command')
    await again.report({ report: 'command', idCommand, outcome: 'done', result: group })
    expect(await made).toMatchObject({ status: 201, body: group })
  })
})
