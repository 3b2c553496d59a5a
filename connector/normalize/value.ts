import type { WireNumber } from './wire-message.ts'

/**
 * What strangers wrote into protobuf fields, made fit for JSON: text without broken surrogates, numbers that are whole
 * and safe. Whatever is not fit is absent.
 */

/** Longest text taken from a name, an id or a label; the body of a message is bounded by the event's size alone. */
export const maxLabelLength = 1024

/** Well-formed text; `''` when there is none. */
export function toText(value: unknown, maxLength = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string') return ''
  return (value.length > maxLength ? value.slice(0, maxLength) : value).toWellFormed()
}

/** A short text, or nothing. */
export function toLabel(value: unknown): string | undefined {
  return toText(value, maxLabelLength) || undefined
}

/** A whole number that is not negative, or nothing. */
export function toCount(value: WireNumber | null | undefined): number | undefined {
  const number = toNumber(value)
  return Number.isSafeInteger(number) && number >= 0 ? number + 0 : undefined
}

/** A whole number above zero, or nothing. */
export function toSize(value: WireNumber | null | undefined): number | undefined {
  return toCount(value) || undefined
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return value === '' ? Number.NaN : Number(value)
  if (typeof value === 'object' && value !== null && 'low' in value && 'high' in value) {
    return Number(value.high) * 2 ** 32 + (Number(value.low) >>> 0)
  }
  return Number.NaN
}

/** Bytes of exactly this length, or nothing. */
export function toBytes(value: unknown, length: number): Buffer | undefined {
  return value instanceof Uint8Array && value.length === length
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : undefined
}

/** A list, whatever stands in a repeated field; at most `maxLength` of it. */
export function toList<Item>(value: readonly Item[] | null | undefined, maxLength: number): readonly Item[] {
  return Array.isArray(value) ? value.slice(0, maxLength) : []
}

type Present<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name]
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>
}

/** The fields without those that are `undefined`: an absent field is not written at all. */
export function withoutAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>
}
