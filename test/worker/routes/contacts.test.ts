import { describe, expect, it } from 'vitest'
import { makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

const path = '/v1/sessions/support/contacts/check'
const jid = '34600111222@s.whatsapp.net'

/** The questions of the session are left to the test. */
async function makeAsked() {
  const made = await makeLinked()
  made.link.jidOf = null
  return made
}

describe('a check of numbers', () => {
  it('is asked of the connector with the numbers reduced to digits, and answered', async () => {
    const { customer, link } = await makeAsked()
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
    const { customer, link } = await makeAsked()
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
    const { customer, link } = await makeAsked()
    link.close()
    await link.closedWith()
    expect(await customer.post(path, { numbers: ['34600111222'] })).toMatchObject(problem(503, 'notAnswered'))
  })

  it('is 503 as soon as another connector takes the session', async () => {
    const { customer, link } = await makeAsked()
    const startedAt = Date.now()
    const answering = customer.post(path, { numbers: ['34600111222'] })
    await link.next('command')
    await linkTo(customer, 'support')
    expect(await answering).toMatchObject(problem(503, 'notAnswered'))
    expect(Date.now() - startedAt).toBeLessThan(8000)
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
    const { customer, link } = await makeAsked()
    expect(await customer.post(path, { numbers })).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })

  it('asks for the scope of sending, and finds no session of another tenant', async () => {
    const { customer } = await makeAsked()
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
    const { customer, link } = await makeAsked()
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
    const { customer, link } = await makeAsked()
    const answer = await customer.post(`/v1/sessions/support/${action}`, json)
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })
})

describe('the contacts of a session', () => {
  const ana = { jid, number: jid, lid: '180001112223334@lid', name: 'Ana', savedName: null }
  const luis = { jid: '34600333444@s.whatsapp.net', lid: null, name: 'Luis' }

  async function known() {
    const { customer, link } = await makeAsked()
    const contacts = [ana, luis].map(({ jid: number, lid, name }) => ({ number, name, ...(lid && { lid }) }))
    await link.report({ report: 'contacts', contacts })
    return { customer, link }
  }

  it('are listed in pages', async () => {
    const { customer } = await known()
    const first = await customer.get('/v1/sessions/support/contacts?limit=1')
    expect(first).toMatchObject({ status: 200, body: { contacts: [ana], cursor: jid } })
    const second = await customer.get(`/v1/sessions/support/contacts?limit=1&cursor=${jid}`)
    expect(second.body).toMatchObject({ contacts: [luis], cursor: null })
  })

  it.each([jid, ana.lid])('are read by %s, with the picture that WhatsApp has', async (address) => {
    const { customer, link } = await known()
    const reading = customer.get(`/v1/sessions/support/contacts/${address}`)
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind: 'profilePicture', jid })
    const pictureUrl = 'https://pps.whatsapp.net/ana.jpg'
    await link.report({ report: 'command', idCommand, outcome: 'done', result: { pictureUrl } })
    expect(await reading).toMatchObject({ status: 200, body: { ...ana, pictureUrl } })
  })

  it('are read without a picture when WhatsApp cannot be asked', async () => {
    const { customer, link } = await known()
    link.close()
    await link.closedWith()
    const { status, body } = await customer.get(`/v1/sessions/support/contacts/${jid}`)
    expect({ status, body }).toEqual({ status: 200, body: { ...ana, pictureUrl: null } })
  })

  it('are 404 when nobody is known by the address, or it is none', async () => {
    const { customer } = await known()
    const path = '/v1/sessions/support/contacts'
    expect(await customer.get(`${path}/1@lid`)).toMatchObject(problem(404, 'contactNotFound'))
    expect(await customer.get(`${path}/ana`)).toMatchObject(problem(404, 'notFound'))
  })

  it('ask for the scope of reading messages, and are not another tenant’s', async () => {
    const { customer } = await known()
    const other = await makeCustomer()
    for (const path of ['/v1/sessions/support/contacts', `/v1/sessions/support/contacts/${jid}`]) {
      const writer = await makeKey(customer.idTenant, ['messages:write'])
      expect(await writer.get(path)).toMatchObject(problem(403, 'scopeMissing'))
      expect(await other.get(path)).toMatchObject(problem(404, 'sessionNotFound'))
    }
  })
})
