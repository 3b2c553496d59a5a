import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { findContractProblems } from '../support/contract.ts'
import { Program } from '../support/program.ts'
import type { AnyEvent } from '../support/receiver.ts'

const server = createServer()

afterEach(() => {
  server.close()
})

it('npm run demo -- --once plays it through, on another port when the usual one is taken', async () => {
  await new Promise<void>((done) => {
    server.once('error', () => done()).listen(8787, '127.0.0.1', done)
  })
  const demo = new Program('test/demo/main.ts', ['--once'], {})
  expect(await demo.exited, demo.output).toBe(0)
  expect(demo.output).toContain('as they should be')
  expect(demo.output).not.toMatch(/^✗/m)
  expect(demo.output).toMatch(/^It runs: http:\/\/127\.0\.0\.1:(?!8787$)\d+$/m)
})

describe('the judge of the demo and of the contract tests', () => {
  const event: AnyEvent = {
    idSession: 'demo',
    messageType: 'conversation',
    idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd',
    sequence: 1,
    senderNumber: '34600111222@s.whatsapp.net',
    senderName: 'Ana',
    messageTimestamp: 1767225600,
    isMessageFromGroup: false,
    idMessage: '3EB0C767D097B7C35B12A0',
    value: 'Hello',
  }

  it('finds nothing wrong with a right event', () => {
    expect(findContractProblems(event, { value: 'Hello', participant: undefined })).toEqual([])
  })

  it.each(['senderNumber', 'senderName', 'messageTimestamp', 'isMessageFromGroup', 'value', 'idSession'])(
    'misses %s',
    (field) => {
      const { [field]: _, ...rest } = event
      expect(findContractProblems(rest as AnyEvent, {}).join()).toContain(field)
    },
  )

  it.each([
    ['messageTimestamp', '1767225600'],
    ['isMessageFromGroup', 'false'],
    ['senderNumber', '34600111222'],
    ['surplus', true],
  ])('refuses %s: %j', (field, value) => {
    expect(findContractProblems({ ...event, [field]: value }, {}).join()).toContain(field)
  })

  it('compares with what was expected', () => {
    expect(findContractProblems(event, { value: 'Bye', lid: '1@lid' })).toEqual([
      'value is "Hello" instead of "Bye"',
      'lid is undefined instead of "1@lid"',
    ])
  })
})
