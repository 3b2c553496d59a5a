import { describe, expect, test } from 'vitest'
import { readNumbers, withoutBinary } from '../../../connector/normalize/vcard.ts'
import { normalize } from './builders.ts'

const card = (...lines: string[]) => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD'].join('\n')

describe('numbers of a card', () => {
  test.each([
    ['WhatsApp’s own form', ['TEL;type=CELL;waid=34600333444:+34 600 333 444'], ['34600333444']],
    ['as written', ['TEL;TYPE=WORK:+34 91 000 00 00'], ['+34 91 000 00 00']],
    [
      'in a group of properties',
      ['item1.TEL;waid=34600333444:+34 600', 'item1.X-ABLabel:Móvil'],
      ['34600333444'],
    ],
    ['folded', ['TEL;type=CELL;wa', ' id=34600333444:+34 600', '\t 333 444'], ['34600333444']],
    ['as a URI', ['TEL;VALUE=uri:tel:+34-600-333-444;ext=5'], ['+34-600-333-444']],
    ['with a quoted parameter', ['TEL;TYPE="a:b";waid="34600333444":+34'], ['34600333444']],
    ['in small letters', ['tel;WAID=34600333444:+34'], ['34600333444']],
    ['each once', ['TEL;waid=34600333444:1', 'TEL;waid=34600333444:2'], ['34600333444']],
    ['several', ['TEL:1', 'TEL:2', 'TELEX:3', 'NOTE:TEL:4'], ['1', '2']],
    ['none', ['TEL:', 'TEL;waid=:', 'TEL', 'FN:TEL'], []],
  ])('%s', (_, lines, numbers) => {
    expect(readNumbers(card(...lines))).toEqual(numbers)
    expect(readNumbers(card(...lines).replaceAll('\n', '\r\n'))).toEqual(numbers)
  })

  test('are bounded in number and length', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `TEL:${index} ${'9'.repeat(1000)}`)
    const numbers = readNumbers(card(...lines))
    expect(numbers).toHaveLength(64)
    expect(Math.max(...numbers.map((number) => number.length))).toBeLessThanOrEqual(64)
  })
})

describe('a contact', () => {
  const contacts = (vcard: string, displayName?: string) =>
    normalize({ contactMessage: { vcard, ...(displayName !== undefined && { displayName }) } })?.draft

  test('without a name has that of its card', () => {
    expect(contacts(card('FN:Luis Pérez'))).toMatchObject({ contacts: [{ displayName: 'Luis Pérez' }] })
  })

  test('with a large picture is told without it', () => {
    const photo = `PHOTO;BASE64:${'A'.repeat(70_000)}\n ${'B'.repeat(70_000)}`
    expect(contacts(card('FN:Luis', photo, 'TEL:1'))).toMatchObject({
      messageType: 'contactMessage',
      contacts: [{ displayName: 'Luis', vcard: card('FN:Luis', 'TEL:1'), numbers: ['1'] }],
    })
  })

  test('with a small picture keeps it', () => {
    const small = card('FN:Luis', 'PHOTO;BASE64:AAAA')
    expect(contacts(small)).toMatchObject({ contacts: [{ vcard: small }] })
  })

  test('that is large in itself is told as too large', () => {
    expect(contacts(card(`NOTE:${'x'.repeat(70_000)}`))).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'contactMessage',
      unsupportedReason: 'tooLarge',
    })
  })

  test('of ten mebibytes is told as too large, at once', () => {
    const started = performance.now()
    expect(contacts(card(`PHOTO:${'A'.repeat(10 * 1024 * 1024)}`))).toMatchObject({
      unsupportedReason: 'tooLarge',
    })
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('among many with pictures is told without them', () => {
    const vcard = card('FN:Luis', `PHOTO:${'A'.repeat(40_000)}`)
    const many = Array.from({ length: 20 }, () => ({ vcard }))
    expect(normalize({ contactsArrayMessage: { contacts: many } })?.draft).toMatchObject({
      messageType: 'contactMessage',
      contacts: Array.from({ length: 20 }, () => ({ vcard: withoutBinary(vcard) })),
    })
  })
})
