import { afterEach, describe, expect, it } from 'vitest'
import { maxStreamRounds } from '../../../schema/api/event.ts'
import { streamEvents } from '../../../worker/routes/event-stream.ts'
import { admin, anybody, ApiClient, makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { conversation } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

const path = '/v1/sessions/support/events/stream'
const open: ReadableStreamDefaultReader<Uint8Array>[] = []

interface Told {
  id: string
  event: string
  data: Record<string, unknown>
}

afterEach(async () => {
  for (const reader of open.splice(0)) await reader.cancel().catch(() => undefined)
})

/** Reads a stream as a client does; `next` resolves with the next event, or null at its end. */
function follow(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader()
  open.push(reader)
  const decoder = new TextDecoder()
  let text = ''
  return async (): Promise<Told | null> => {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const fields = new Map(
          lines.map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 2)]),
        )
        if (!fields.has('data')) continue
        return {
          id: fields.get('id')!,
          event: fields.get('event')!,
          data: JSON.parse(fields.get('data')!) as Record<string, unknown>,
        }
      }
      const { done, value } = await reader.read()
      if (done) return null
      text += decoder.decode(value, { stream: true })
    }
  }
}

async function begin(
  customer: { fetch: typeof anybody.fetch },
  query = '',
  headers: Record<string, string> = {},
) {
  const response = await customer.fetch('GET', path + query, { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  return follow(response.body!)
}

describe('the live stream of a session', () => {
  it('tells what comes, and nothing of what was', async () => {
    const { customer, link } = await makeLinked()
    await link.deliver(conversation({ value: 'before' }))
    const next = await begin(customer)
    const told = next()
    await link.deliver(conversation({ value: 'after' }))
    const { id, event, data } = (await told)!
    expect(data['value']).toBe('after')
    expect(event).toBe('conversation')
    expect(id).toBe(String(data['sequence']))
  })

  it('begins where it is asked to, and leaves no hole between what was and what comes', async () => {
    const { customer, link } = await makeLinked()
    await link.deliver(conversation({ value: 'one' }), conversation({ value: 'two' }))
    const next = await begin(customer, '?after=0&types=conversation')
    expect((await next())!.data['value']).toBe('one')
    expect((await next())!.data['value']).toBe('two')
    const third = next()
    await link.deliver(conversation({ value: 'three' }))
    expect((await third)!.data['value']).toBe('three')
  })

  it('goes on after the event that a client had last', async () => {
    const { customer, link } = await makeLinked()
    await link.deliver(conversation({ value: 'one' }), conversation({ value: 'two' }))
    const first = await begin(customer, '?after=0&types=conversation')
    const { id } = (await first())!
    const again = await begin(customer, '?after=0', { 'last-event-id': id })
    expect((await again())!.data['value']).toBe('two')
  })

  it('carries the bytes that webhooks carry, whatever is in a text', async () => {
    const { customer, link } = await makeLinked()
    const value = 'line\nbreak\r\n\ndata: not\u2028a field 🎉'
    await link.deliver(conversation({ value }))
    const next = await begin(customer, '?after=0&types=conversation')
    expect((await next())!.data['value']).toBe(value)
  })

  it('ends when the session is deleted', async () => {
    const { customer, link } = await makeLinked()
    const next = await begin(customer, '?types=conversation')
    const ended = next()
    await customer.delete('/v1/sessions/support')
    await link.report({ report: 'loggedOut', reason: 'requested', reasonText: '' })
    expect(await ended).toBeNull()
    expect((await customer.fetch('GET', path)).status).toBe(404)
  })

  it('ends when its key is revoked', async () => {
    const { customer, link } = await makeLinked()
    const keys = `/v1/tenants/${customer.idTenant}/api-keys`
    const { body } = await admin.post<{ idKey: string; key: string }>(keys, { scopes: ['events:read'] })
    const next = await begin(new ApiClient(body.key), '?types=conversation')
    const first = next()
    await link.deliver(conversation({ value: 'one' }))
    expect((await first)!.data['value']).toBe('one')
    await admin.delete(`${keys}/${body.idKey}`)
    const second = next()
    await link.deliver(conversation({ value: 'two' }))
    expect(await second).toBeNull()
  })

  it('is ended after a number of rounds, so that no request asks without end', async () => {
    let asked = 0
    const source = {
      listEvents: async () => ({ ok: true as const, lines: [], nextAfter: 0, hasMore: true }),
      awaitEvents: async () => {
        asked++
        return { head: 0 }
      },
    }
    const reader = streamEvents(source, 0, undefined, async () => true).getReader()
    let chunks = 0
    while (!(await reader.read()).done) chunks++
    expect(chunks).toBe(maxStreamRounds + 1)
    expect(asked).toBe(0)
  })

  it.each(['?after=-1', '?after=x', '?types=nonsense', '?limit=3'])(
    'is not opened with %s',
    async (query) => {
      const { customer } = await makeLinked()
      expect(await customer.get(path + query)).toMatchObject(problem(422, 'validationFailed'))
    },
  )

  it('is for its tenant alone, with a key that may read events', async () => {
    const { customer } = await makeLinked()
    expect(await anybody.get(path)).toMatchObject(problem(401, 'unauthorized'))
    expect(await (await makeCustomer()).get(path)).toMatchObject(problem(404, 'sessionNotFound'))
    const key = await makeKey(customer.idTenant, ['messages:write'])
    expect(await key.get(path)).toMatchObject(problem(403, 'scopeMissing'))
  })
})
