import { describe, expect, it } from 'vitest'
import { maxJsonBytes } from '../../../openapi/limits.ts'
import { admin, makeCustomer, problem } from '../support/api-client.ts'

const json = { 'content-type': 'application/json' }

/** A stream whose length nobody is told. */
function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}

describe('a JSON body', () => {
  it.each([
    ['cut off', '{"name": "Ac'],
    ['empty', ''],
    ['not JSON', 'name=Acme'],
  ])('that is %s is malformed', async (_title, body) => {
    const answer = await admin.call('POST', '/v1/tenants', { body, headers: json })
    expect(answer).toMatchObject(problem(400, 'malformedJson'))
  })

  it.each([
    ['a wrong one', { 'content-type': 'text/plain' }],
    ['that of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('with another content type, %s, is refused', async (_title, headers) => {
    const answer = await admin.call('POST', '/v1/tenants', { body: '{"name": "Acme"}', headers })
    expect(answer).toMatchObject(problem(415, 'unsupportedMediaType'))
  })

  it('without a content type is refused', async () => {
    const body = new TextEncoder().encode('{"name": "Acme"}')
    expect(await admin.call('POST', '/v1/tenants', { body })).toMatchObject(
      problem(415, 'unsupportedMediaType'),
    )
  })

  it('may say its character set', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const answer = await admin.call('POST', '/v1/tenants', { body: '{"name": "Açme"}', headers })
    expect(answer).toMatchObject({ status: 201, body: { name: 'Açme' } })
  })

  it('may have the largest size and no byte more', async () => {
    const padded = (bytes: number) => `{"name": "Acme"}`.padEnd(bytes)
    const call = (body: BodyInit) => admin.call('POST', '/v1/tenants', { body, headers: json })
    expect((await call(padded(maxJsonBytes))).status).toBe(201)
    expect(await call(padded(maxJsonBytes + 1))).toMatchObject(problem(413, 'bodyTooLarge'))
    expect(await call(streamOf(padded(maxJsonBytes + 1)))).toMatchObject(problem(413, 'bodyTooLarge'))
  })

  it('with wrong fields is refused with the path of each', async () => {
    const customer = await makeCustomer()
    const answer = await customer.post('/v1/subscriptions', {
      url: 7,
      events: ['conversation', 'nonsense'],
      secrett: 'x',
    })
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
    const errors = answer.body['errors'] as { path: string; message: string }[]
    expect(errors.map(({ path }) => path)).toEqual(['url', 'events.1', ''])
    expect(errors[2]?.message).toContain('secrett')
  })

  it.each(['null', '[]', '"text"', '7', '{"name": null}', '{"name": ""}'])(
    'that is %s is no tenant',
    async (body) => {
      const answer = await admin.call('POST', '/v1/tenants', { body, headers: json })
      expect(answer).toMatchObject(problem(422, 'validationFailed'))
    },
  )

  it('cannot reach into objects by name', async () => {
    const body = '{"name": "Acme", "__proto__": {"isAdmin": true}, "constructor": {}}'
    const answer = await admin.call('POST', '/v1/tenants', { body, headers: json })
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
  })
})

describe('a query', () => {
  it.each(['limit=0', 'limit=201', 'limit=ten', 'limit=1&limit=2', 'cursor=', 'unknown=1'])(
    'of %s is refused',
    async (query) => {
      const customer = await makeCustomer()
      expect(await customer.get(`/v1/sessions?${query}`)).toMatchObject(problem(422, 'validationFailed'))
    },
  )
})
