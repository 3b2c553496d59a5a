import { z } from 'zod'
import { coreEvents, optInEvents } from '../schema/event/event.ts'
import { everyEvent, everyFile, everyMessage } from '../schema/event/field.ts'
import { type Language, type ReferenceText, referenceTexts } from './reference-text.ts'

type Fields = Record<string, z.ZodType>

interface JsonSchema {
  type?: string
  enum?: string[]
  const?: unknown
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  description?: string
  'x-description-es'?: string
}

/** The webhook reference in one language, as Markdown: every event, every field, an example each. */
export function writeReference(language: Language): string {
  const text = referenceTexts[language]
  const other = language === 'en' ? '[Español](webhook.es.md)' : '[English](webhook.md)'
  const { idSession, ...added } = everyEvent
  const messageType = z.string().meta({ description: text.messageType, 'x-description-es': text.messageType })
  const { idFile, mimetype, caption, ...moreOfFile } = everyFile
  const { sessionUpdate, ...messages } = coreEvents
  return [
    `# ${text.title}`,
    other,
    text.intro,
    `## ${text.messages}`,
    text.everyRequest,
    tableOf({ idSession, messageType, ...added }, language),
    text.media,
    tableOf({ idFile, mimetype, caption, ...moreOfFile }, language),
    `## ${text.types}`,
    text.core,
    writeEvent('sessionUpdate', sessionUpdate, language),
    text.incoming,
    tableOf(everyMessage, language),
    ...Object.entries(messages).map(([name, schema]) => writeEvent(name, schema, language)),
    `## ${text.optIn}`,
    text.optInIntro,
    ...Object.entries(optInEvents).map(([name, schema]) => writeEvent(name, schema, language)),
    text.delivery,
    '',
  ].join('\n\n')
}

function writeEvent(name: string, schema: z.ZodObject, language: Language): string {
  const text = referenceTexts[language]
  const meta = schema.meta() ?? {}
  const description = language === 'en' ? meta.description : (meta['x-description-es'] as string)
  const { shape } = schema
  const shared = [everyMessage, everyFile].filter((fields) =>
    Object.keys(fields).every((field) => field in shape),
  )
  const known = Object.assign({ messageType: true }, everyEvent, ...shared) as object
  const own = Object.fromEntries(Object.entries(shape).filter(([field]) => !(field in known)))
  const [example] = meta['examples'] as [unknown]
  return [
    `### ${name}`,
    [description, writeShared(shared.length, own, text)].filter(Boolean).join(' '),
    ...(Object.keys(own).length > 0 ? [tableOf(own, language)] : []),
    `${text.example}:`,
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
  ].join('\n\n')
}

/** Says which fields an event has in common with others, whose table stands above. */
function writeShared(count: number, own: Fields, text: ReferenceText): string {
  if (count === 0) return ''
  const shared = count === 1 ? text.hasMessageFields : `${text.hasMessageFields}, ${text.hasFileFields}`
  return Object.keys(own).length > 0 ? `${shared}, ${text.andOwn}` : `${shared} ${text.noOwnFields}`
}

function tableOf(fields: Fields, language: Language): string {
  const text = referenceTexts[language]
  const rows = Object.entries(fields).flatMap(([name, schema]) => {
    const json = z.toJSONSchema(schema, { unrepresentable: 'any' }) as JsonSchema
    const presence = schema.safeParse(undefined).success ? text.optional : text.always
    return [row(name, json, presence, language), ...partsOf(name, json, language)]
  })
  return [`| ${text.field} | ${text.kind} | | ${text.meaning} |`, '|---|---|---|---|', ...rows].join('\n')
}

/** The fields of an object inside a field, or of the entries of a list. */
function partsOf(name: string, json: JsonSchema, language: Language): string[] {
  const text = referenceTexts[language]
  const inner = json.items ?? json
  const path = json.items ? `${name}[]` : name
  return Object.entries(inner.properties ?? {}).map(([part, schema]) => {
    const presence = inner.required?.includes(part) ? text.always : text.optional
    return row(`${path}.${part}`, schema, presence, language)
  })
}

function row(name: string, json: JsonSchema, presence: string, language: Language): string {
  const text = referenceTexts[language]
  const meaning = (language === 'en' ? json.description : json['x-description-es']) ?? ''
  return `| \`${name}\` | ${kindOf(json, text)} | ${presence} | ${meaning.replaceAll('|', '\\|')} |`
}

function kindOf(json: JsonSchema, text: ReferenceText): string {
  if (json.enum) return json.enum.map((value) => `\`${value}\``).join(' ')
  if (json.const !== undefined) return `\`${JSON.stringify(json.const)}\``
  if (json.items) return `${text.kinds['array']} ${kindOf(json.items, text)}`
  return text.kinds[json.type ?? 'object'] ?? 'JSON'
}
