import { describe, expect, it } from 'vitest'
import { makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { makeLinked } from '../support/linked-session.ts'

const path = '/v1/sessions/support/contacts/check'
const jid = '34600111222@s.whatsapp.net'

describe('a check of numbers', () => {
  it('is asked of the connector with the numbers reduced to digits, and answered', async () => {
    const { customer, link } = await makeLinked()
    const answering = customer.post(path, { numbers: ['+34 600-111-222', '0034 (600) 111.223'] })
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind: 'checkNumbers', numbers: ['34600111222', '34600111223'] })
    const contacts = [
      { number: '34600111222', jid, exists: true, lid: '180001112223334@lid' },
      { number: '34600111223', jid: null, exists: false },
    ]
    await link.report({ report: 'command', idCommand, outcome: 'done', result: { contacts } })
    expect(await answering).toMatchObject({ status: 200, body: { contacts } })
  })

  it('is 503 with the reason when WhatsApp cannot be asked', async () => {
    const { customer, link } = await makeLinked()
    const answering = customer.post(path, { numbers: ['34600111222'] })
    const { idCommand } = await link.next('command')
    const errorText = 'The session is not connected to WhatsApp at the moment.'
    await link.report({
      report: 'command',
      idCommand,
      outcome: 'failed',
      errorCode: 'notConnected',
      errorText,
    })
    const answer = await answering
    expect(answer).toMatchObject(problem(503, 'notAnswered'))
    expect(answer.body['detail']).toBe(errorText)
  })

  it('is 503 at once without a connector, and is told to none that comes later', async () => {
    const { customer, link } = await makeLinked()
    link.close()
    await link.closedWith()
    expect(await customer.post(path, { numbers: ['34600111222'] })).toMatchObject(problem(503, 'notAnswered'))
  })

  it('is refused by a session that is not linked', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support', start: false })
    expect(await customer.post(path, { numbers: ['34600111222'] })).toMatchObject(
      problem(409, 'sessionNotConnected'),
    )
  })

  it.each([
    [[]],
    [['12']],
    [['hello']],
    [['+34 600 111 222 ext 5']],
    [['0600111222']],
    [Array.from({ length: 51 }, () => '34600111222')],
  ])('is refused: %j', async (numbers) => {
    const { customer, link } = await makeLinked()
    expect(await customer.post(path, { numbers })).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })

  it('asks for the scope of sending, and finds no session of another tenant', async () => {
    const { customer } = await makeLinked()
    const reader = await makeKey(customer.idTenant, ['messages:read'])
    expect(await reader.post(path, { numbers: ['34600111222'] })).toMatchObject(problem(403, 'scopeMissing'))
    const other = await makeCustomer()
    expect(await other.post(path, { numbers: ['34600111222'] })).toMatchObject(
      problem(404, 'sessionNotFound'),
    )
  })
})

describe('reading and typing', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['read', { to: jid, messages: [{ idMessage: 'A' }] }, 'markRead'],
    ['presence', { to: jid, presence: 'composing' }, 'setPresence'],
    ['presence', { presence: 'available' }, 'setPresence'],
    ['presence/subscribe', { to: jid }, 'subscribePresence'],
  ]

  it.each(cases)('is told to WhatsApp at once: %s %j', async (action, json, kind) => {
    const { customer, link } = await makeLinked()
    const answering = customer.post(`/v1/sessions/support/${action}`, json)
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind, ...json })
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect(await answering).toMatchObject({ status: 204 })
  })

  it.each([
    ['read', { to: jid, messages: [] }],
    ['read', { to: jid, messages: Array.from({ length: 101 }, () => ({ idMessage: 'A' })) }],
    ['read', { to: '120363041234567890@g.us', messages: [{ idMessage: 'A' }] }],
    ['presence', { presence: 'composing' }],
    ['presence', { presence: 'available', to: jid }],
    ['presence', { presence: 'dancing', to: jid }],
    ['presence/subscribe', {}],
    ['presence/subscribe', { to: 'somebody' }],
  ])('is refused: %s %j', async (action, json) => {
    const { customer, link } = await makeLinked()
    const answer = await customer.post(`/v1/sessions/support/${action}`, json)
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })
})
