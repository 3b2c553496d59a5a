import { expect, it } from 'vitest'
import type { SeenStanza } from '../../connector/inbox.ts'
import { Undecrypted } from '../../connector/undecrypted.ts'

const stanza = (): SeenStanza => ({ node: { tag: 'message', attrs: {} }, proof: '' })

it('counts each message until it is decrypted', () => {
  const undecrypted = new Undecrypted()
  const [one, other] = [stanza(), stanza()]
  undecrypted.add(one, [Buffer.alloc(1000), Buffer.alloc(500)])
  undecrypted.add(other, [Buffer.alloc(100)])
  expect(undecrypted.bytes).toBe(1500 + 100 + 2 * 512)
  undecrypted.settle(one)
  undecrypted.settle(one)
  expect(undecrypted.bytes).toBe(100 + 512)
  undecrypted.clear()
  undecrypted.settle(other)
  expect(undecrypted.bytes).toBe(0)
})

it('counts what is left out until a later one is decrypted', () => {
  const undecrypted = new Undecrypted()
  const [leftOut, next, last] = [stanza(), stanza(), stanza()]
  for (const each of [leftOut, next, last]) undecrypted.add(each, [Buffer.alloc(1000)])
  undecrypted.settle(next)
  expect(undecrypted.bytes).toBe(1512)
  undecrypted.settle(leftOut)
  expect(undecrypted.bytes).toBe(1512)
})
