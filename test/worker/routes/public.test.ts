import { describe, expect, it } from 'vitest'
import { coreEvents, events } from '../../../schema/event/event.ts'
import { anybody, makeCustomer } from '../support/api-client.ts'

type Document = { openapi: string; paths: Record<string, object>; webhooks: Record<string, object> }

describe('anybody', () => {
  it('can see that the Worker is up', async () => {
    expect(await anybody.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
  })

  it('gets the contract', async () => {
    const { body } = await anybody.get<Document>('/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    expect(Object.keys(body.webhooks).toSorted()).toEqual(Object.keys(events).toSorted())
  })

  it('gets the API reference, which may load nothing from elsewhere', async () => {
    const { status, headers, bytes } = await anybody.get('/docs')
    expect(status).toBe(200)
    const policy = headers.get('content-security-policy')?.split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(new TextDecoder().decode(bytes)).not.toMatch(/https?:\/\/|<script>/)
  })

  it('gets the scripts of the reference, once', async () => {
    const first = await anybody.get('/assets/docs.js')
    expect(first.status).toBe(200)
    expect(first.headers.get('content-type')).toContain('text/javascript')
    const etag = first.headers.get('etag')!
    expect((await anybody.get('/assets/docs.js', { 'if-none-match': etag })).status).toBe(304)
  })

  it.each(['/assets/..%2f..%2fpackage.json', '/assets/%2f%2fexample.com%2fdocs.js', '/assets/nothing.js'])(
    'gets nothing else: %s',
    async (path) => {
      expect((await anybody.get(path)).status).toBe(404)
    },
  )

  it('is shown the way from the root', async () => {
    const { status, headers } = await anybody.get('/')
    expect(status).toBe(302)
    expect(headers.get('location')).toBe('/docs')
  })
})

describe('a tenant', () => {
  it('can list the event types, each described and with an example that fits its schema', async () => {
    type List = { eventTypes: { messageType: keyof typeof events; isOptIn: boolean; example: unknown }[] }
    const { body } = await (await makeCustomer()).get<List>('/v1/event-types')
    expect(body.eventTypes.map(({ messageType }) => messageType)).toEqual(Object.keys(events))
    expect(body.eventTypes.filter(({ isOptIn }) => !isOptIn)).toHaveLength(Object.keys(coreEvents).length)
    for (const { messageType, example } of body.eventTypes)
      expect(events[messageType].safeParse(example).error).toBeUndefined()
  })
})
