import { proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { Counters } from './counters.ts'
import { node } from './node.ts'

const version = Buffer.from([0x33])
const ratchetKey = randomBytes(33)

function direct(counter: number, ciphertext = randomBytes(32)): Buffer {
  const message = proto.SignalMessage.encode({ ratchetKey, counter, ciphertext }).finish()
  return Buffer.concat([version, message, randomBytes(8)])
}

function first(counter: number): Buffer {
  const message = proto.PreKeySignalMessage.encode({ message: direct(counter) }).finish()
  return Buffer.concat([version, message])
}

function group(iteration: number): Buffer {
  const message = proto.SenderKeyMessage.encode({ id: 7, iteration, ciphertext: randomBytes(32) }).finish()
  return Buffer.concat([version, message, randomBytes(64)])
}

const stanza = (id: string, type: string, bytes: Buffer) =>
  node('message', { id }, [
    node('participants', {}, [node('to', { jid: 'a@lid' }, [node('enc', { type }, bytes)])]),
  ])

it.each([
  ['a direct message', 'msg', direct],
  ['a first message', 'pkmsg', first],
  ['a group message', 'skmsg', group],
] as const)('finds a counter that is used again for %s', (_name, type, encrypt) => {
  const counters = new Counters()
  const again = encrypt(3)
  counters.take(stanza('ONE', type, encrypt(1)), 'me')
  counters.take(stanza('TWO', type, encrypt(2)), 'me')
  counters.take(stanza('THREE', type, again), 'me')
  counters.take(stanza('THREE', type, again), 'me')
  expect(counters.reused).toEqual([])
  counters.take(stanza('FOUR', type, encrypt(2)), 'me')
  expect(counters.reused).toEqual(['FOUR'])
  expect(counters.count).toBe(5)
})
