import { describe, expect, it } from 'vitest'
import { makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

const path = '/v1/sessions/support/pairing-code'
const request = { phoneNumber: '+34 911 222 333' }

async function makePairing() {
  const customer = await makeCustomer()
  await customer.post('/v1/sessions', { idSession: 'support' })
  const link = await linkTo(customer, 'support')
  await link.report({ report: 'qr', qr: '2@qr', expiresAt: Date.now() + 60_000 })
  return { customer, link }
}

describe('a pairing code', () => {
  it('is asked of the connector with the number reduced to digits, and answered', async () => {
    const { customer, link } = await makePairing()
    const answering = customer.post(path, request)
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind: 'pairingCode', phoneNumber: '34911222333' })
    const result = { pairingCode: 'K7QX2M9D', expiresAt: Date.UTC(2026, 0, 31) }
    await link.report({ report: 'command', idCommand, outcome: 'done', result })
    expect(await answering).toMatchObject({
      status: 200,
      body: { pairingCode: 'K7QX2M9D', expiresAt: '2026-01-31T00:00:00.000Z' },
    })
  })

  it.each([
    ['numberRefused', 422],
    ['rateLimited', 429],
    ['alreadyLinked', 409],
    ['whatever', 503],
  ])('is refused with WhatsApp’s reason: %s is %i', async (errorCode, status) => {
    const { customer, link } = await makePairing()
    const answering = customer.post(path, request)
    const { idCommand } = await link.next('command')
    const errorText = 'Check the number.'
    await link.report({ report: 'command', idCommand, outcome: 'failed', errorCode, errorText })
    const answer = await answering
    expect(answer).toMatchObject(problem(status, status === 503 ? 'notAnswered' : errorCode))
    expect(answer.body['detail']).toBe(errorText)
  })

  it('is 409 for a session that is linked, and for one that is not started', async () => {
    const { customer, link } = await makeLinked()
    expect(await customer.post(path, request)).toMatchObject(problem(409, 'alreadyLinked'))
    expect(link.all('command')).toEqual([])
    await customer.post('/v1/sessions', { idSession: 'other', start: false })
    const other = await customer.post('/v1/sessions/other/pairing-code', request)
    expect(other).toMatchObject(problem(409, 'sessionNotConnected'))
  })

  it('is 503 without a connector', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    expect(await customer.post(path, request)).toMatchObject(problem(503, 'notAnswered'))
  })

  it.each([[{}], [{ phoneNumber: 'hello' }], [{ phoneNumber: '0911222333' }], [{ phoneNumber: '12' }]])(
    'is not asked for with %j',
    async (json) => {
      const { customer, link } = await makePairing()
      expect(await customer.post(path, json)).toMatchObject(problem(422, 'validationFailed'))
      expect(link.all('command')).toEqual([])
    },
  )

  it('asks for the scope of changing sessions, and finds no session of another tenant', async () => {
    const { customer } = await makePairing()
    const reader = await makeKey(customer.idTenant, ['sessions:read'])
    expect(await reader.post(path, request)).toMatchObject(problem(403, 'scopeMissing'))
    const other = await makeCustomer()
    expect(await other.post(path, request)).toMatchObject(problem(404, 'sessionNotFound'))
  })
})
