import { describe, expect, it } from 'vitest'
import { writeReference } from '../../docs/reference.ts'
import { coreEvents, events } from '../../schema/event/event.ts'

describe.each(['en', 'es'] as const)('the webhook reference (%s)', (language) => {
  const text = writeReference(language)

  it('has a section for each event, the core ones in the order of the customer’s document', () => {
    const sections = [...text.matchAll(/^### (\w+)$/gm)].map(([, name]) => name)
    expect(sections).toEqual(Object.keys(events))
    expect(sections.slice(0, 8)).toEqual(Object.keys(coreEvents))
  })

  it('names every field of every event', () => {
    for (const schema of Object.values(events))
      for (const field of Object.keys(schema.shape)) expect(text).toContain(`| \`${field}\` |`)
  })

  it('shows an example of each event that the contract accepts', () => {
    const examples = [...text.matchAll(/```json\n([\s\S]*?)\n```/g)].map(([, json]) => JSON.parse(json!))
    expect(examples.map(({ messageType }) => messageType)).toEqual(Object.keys(events))
    for (const example of examples)
      expect(events[example.messageType as keyof typeof events].safeParse(example).error).toBeUndefined()
  })
})
