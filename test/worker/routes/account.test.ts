import { describe, expect, it } from 'vitest'
import { type ApiClient, makeCustomer, problem } from '../support/api-client.ts'
import { type AskedRoute, expectAsked, expectGuarded } from '../support/asked-route.ts'
import { makeLinked } from '../support/linked-session.ts'

const session = '/v1/sessions/support'
const jid = '34600111222@s.whatsapp.net'
const profile = { name: 'Acme', pictureUrl: 'https://pps.whatsapp.net/acme.jpg' }
const blocked = [{ jid, number: jid, lid: '180001112223334@lid' }]

const cases: AskedRoute[] = [
  { method: 'GET', path: `${session}/profile`, question: { kind: 'readProfile' }, answer: profile },
  {
    method: 'PUT',
    path: `${session}/profile`,
    json: { name: 'Acme', idFile: null },
    question: { kind: 'updateProfile', name: 'Acme', idFile: null },
    answer: profile,
  },
  { method: 'GET', path: `${session}/blocklist`, question: { kind: 'listBlocked' }, answer: { blocked } },
  {
    method: 'PUT',
    path: `${session}/blocklist/${jid}`,
    question: { kind: 'block', jid, isBlocked: true },
  },
  {
    method: 'DELETE',
    path: `${session}/blocklist/${jid}`,
    question: { kind: 'block', jid, isBlocked: false },
  },
]

async function upload(customer: ApiClient, bytes: number, mimetype: string): Promise<string> {
  const headers = { 'content-type': mimetype }
  const { body } = await customer.call<{ idFile: string }>('POST', '/v1/files', {
    body: new Uint8Array(bytes),
    headers,
  })
  return body.idFile
}

describe('the account', () => {
  it.each(cases)('is asked about or changed at once: $method $path', async (each) => {
    await expectAsked(each, each.answer ? 200 : 204)
  })

  it('gets a picture that was uploaded', async () => {
    const { customer, link } = await makeLinked()
    const idFile = await upload(customer, 256 * 1024, 'image/jpeg')
    const answering = customer.call('PUT', `${session}/profile`, { json: { idFile } })
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind: 'updateProfile', idFile })
    await link.report({ report: 'command', idCommand, outcome: 'done', result: profile })
    expect(await answering).toMatchObject({ status: 200 })
  })

  it('gets no picture that is none, is too large, or is another tenant’s', async () => {
    const { customer, link } = await makeLinked()
    const stranger = await upload(await makeCustomer(), 10, 'image/jpeg')
    const large = await upload(customer, 256 * 1024 + 1, 'image/jpeg')
    for (const idFile of [stranger, large, await upload(customer, 10, 'image/png')]) {
      const answer = await customer.call('PUT', `${session}/profile`, { json: { idFile } })
      expect(answer).toMatchObject(problem(422, 'validationFailed'))
      expect(answer.body['errors']).toMatchObject([{ path: 'idFile' }])
    }
    expect(link.all('command')).toEqual([])
  })

  it.each([[{}], [{ name: '' }], [{ name: 'a'.repeat(26) }], [{ about: 'x' }]])(
    'is not changed by %j',
    async (json) => {
      const { customer } = await makeLinked()
      const answer = await customer.call('PUT', `${session}/profile`, { json })
      expect(answer).toMatchObject(problem(422, 'validationFailed'))
    },
  )

  it('tells why somebody is not blocked', async () => {
    const { customer, link } = await makeLinked()
    const answering = customer.call('PUT', `${session}/blocklist/${jid}`)
    const { idCommand } = await link.next('command')
    const errorText = 'WhatsApp knows nobody by this number.'
    await link.report({
      report: 'command',
      idCommand,
      outcome: 'failed',
      errorCode: 'notOnWhatsApp',
      errorText,
    })
    expect(await answering).toMatchObject(problem(422, 'notOnWhatsApp'))
  })

  it.each(cases)('asks for a scope, and is not another tenant’s: $method $path', async (each) => {
    await expectGuarded(each, 'sessions')
  })
})
