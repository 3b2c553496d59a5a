import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { waitUntil } from './waiting.ts'

interface Component {
  examples?: Record<string, unknown>[]
}

interface Document {
  webhooks: Record<
    string,
    { post: { requestBody: { content: { 'application/json': { schema: { $ref: string } } } } } }
  >
  components: { schemas: Record<string, Component> }
}

/** The document as it is committed, and a validator that knows nothing of our own code. */
const document = JSON.parse(
  readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'),
) as Document

const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: {
    uri: (value: string) => URL.canParse(value),
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  },
}).addSchema(document, 'openapi')

const types = Object.keys(document.webhooks)
const refOf = (type: string) =>
  document.webhooks[type]?.post.requestBody.content['application/json'].schema.$ref ?? ''
const validators = new Map<string, ValidateFunction>(
  types.map((type) => [type, ajv.compile({ $ref: `openapi${refOf(type)}` })]),
)

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

describe('N. Contract', () => {
  it('110. delivers every event type, and each body fits its committed schema', async () => {
    const one = await stage.case({ events: ['*'], includeFromMe: true, includeHistory: true })
    const path = `${one.path}-sick`
    await one.subscribe({ url: stage.endpoints.url(path), events: ['conversation'] })
    stage.endpoints.script(path, [{ status: 410 }])
    await one.publish(text('makes the other subscription tell that it was disabled'))
    const examples = types.flatMap(
      (type) => document.components.schemas[refOf(type).split('/').at(-1) ?? '']?.examples ?? [],
    )
    const drafts = examples.map(({ sequence: _sequence, ...example }, index) => ({
      ...example,
      idSession: one.idSession,
      idEvent: `evt_${String(index).padStart(22, '0')}`,
    }))
    await one.publish(...drafts)
    const bodies = () => one.received.map(({ body }) => JSON.parse(body) as { messageType: string })
    const missing = () => types.filter((type) => !bodies().some(({ messageType }) => messageType === type))
    await waitUntil(() => missing().length === 0, 'every type').catch(() => undefined)
    expect(missing()).toEqual([])
    for (const body of bodies()) {
      const validate = validators.get(body.messageType)
      expect(validate?.(body), `${body.messageType}: ${ajv.errorsText(validate?.errors)}`).toBe(true)
    }
  })

  it('110. would notice a body that does not fit', () => {
    for (const [type, validate] of validators) {
      expect(validate({ messageType: type }), type).toBe(false)
      expect(validate({ messageType: 'other' }), type).toBe(false)
    }
  })
})
