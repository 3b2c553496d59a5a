import { describe, expect, it } from 'vitest'
import { coreEvents, Event, EventDraft, events } from '../../schema/event/event.ts'

describe.each(Object.entries(events))('%s', (messageType, schema) => {
  const meta = schema.meta() ?? {}
  const example = (meta['examples'] as Record<string, unknown>[])[0]!

  it('has an example that its own schema accepts', () => {
    expect(schema.safeParse(example).error).toBeUndefined()
    expect(Event.parse(example)).toMatchObject({ messageType })
  })

  it('is described in English and in Spanish, each field too', () => {
    expect(meta.description).toBeTruthy()
    expect(meta['x-description-es']).toBeTruthy()
    for (const [field, fieldSchema] of Object.entries(schema.shape)) {
      expect(fieldSchema.meta()?.description, field).toBeTruthy()
      expect(fieldSchema.meta()?.['x-description-es'], field).toBeTruthy()
    }
  })

  it('is refused with a field that the contract does not have', () => {
    expect(Event.safeParse({ ...example, surprise: 1 }).success).toBe(false)
  })

  it('is a draft without its sequence, and not with it', () => {
    const { sequence: _, ...draft } = example
    expect(EventDraft.safeParse(draft).error).toBeUndefined()
    expect(EventDraft.safeParse(example).success).toBe(false)
  })
})

it('the customer’s eight types are the core', () => {
  expect(Object.keys(coreEvents)).toEqual([
    'sessionUpdate',
    'conversation',
    'imageMessage',
    'audioMessage',
    'stickerMessage',
    'documentMessage',
    'videoMessage',
    'contactMessage',
  ])
})
