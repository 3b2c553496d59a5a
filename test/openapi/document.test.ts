import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildDocument } from '../../openapi/document.ts'
import { limits } from '../../openapi/limits.ts'
import { problemTable } from '../../openapi/problems.ts'
import { coreEvents, events } from '../../schema/event/event.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: Record<string, string[]>[]
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>
  description?: string
  requestBody?: { content: Record<string, { schema: { $ref: string } }> }
}

interface Document {
  info: { description: string; license: { name: string } }
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, { post: Operation }>
  components: { schemas: Record<string, { examples?: unknown[] }>; securitySchemes: Record<string, unknown> }
}

const document = JSON.parse(JSON.stringify(buildDocument())) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ title: `${method} ${path}`, operation })),
)

describe('the OpenAPI document', () => {
  it('is the one that is committed', () => {
    const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
    expect(JSON.parse(committed)).toEqual(document)
  })

  it('names every operation once, by verb and noun', () => {
    const names = operations.map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z]+([A-Z][a-z]+)+$/)
  })

  it('says of every operation what it is, under a tag that exists', () => {
    const tags = document.tags.map(({ name }) => name)
    for (const { title, operation } of operations) {
      expect(operation.summary, title).toBeTruthy()
      expect(tags, title).toEqual(expect.arrayContaining(operation.tags))
      expect(operation.tags, title).toHaveLength(1)
    }
  })

  it('asks for a credential everywhere but at the health check', () => {
    const open = operations.filter(({ operation }) => operation.security.length === 0)
    expect(open.map(({ title }) => title)).toEqual(['get /healthz'])
  })

  it('answers every refusal with problem details', () => {
    for (const { title, operation } of operations)
      for (const [status, { content }] of Object.entries(operation.responses))
        if (Number(status) >= 400)
          expect(content, `${title} ${status}`).toEqual({
            'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          })
  })

  it('shows an example of every body that it takes', () => {
    for (const { title, operation } of operations) {
      const reference = operation.requestBody?.content['application/json']?.schema.$ref
      if (!reference) continue
      const { examples } = document.components.schemas[reference.split('/').at(-1)!]!
      expect(examples?.length, title).toBeGreaterThan(0)
    }
  })

  it('lists every problem', () => {
    for (const [code, [status]] of Object.entries(problemTable))
      expect(document.info.description).toContain(`| \`${code}\` | ${status} |`)
  })

  it('lists every limit', () => {
    for (const { what, value } of limits)
      expect(document.info.description).toContain(`| ${what} | ${value} |`)
  })
})

describe('the webhooks of the document', () => {
  it('are the event types, the core ones first', () => {
    expect(Object.keys(document.webhooks)).toEqual(Object.keys(events))
    expect(Object.keys(document.webhooks).slice(0, 8)).toEqual(Object.keys(coreEvents))
  })

  it.each(Object.entries(document.webhooks))(
    'show %s with an example that fits its schema',
    (name, { post }) => {
      const { schema } = post.requestBody!.content['application/json']!
      const component = document.components.schemas[schema.$ref.split('/').at(-1)!]!
      expect(component.examples?.length).toBeGreaterThan(0)
      for (const example of component.examples!)
        expect(events[name as keyof typeof events].safeParse(example).error).toBeUndefined()
    },
  )
})
