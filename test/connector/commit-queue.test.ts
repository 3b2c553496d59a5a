import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkUpFrame, type KeyChange } from '../../schema/link.ts'
import { makeCipher } from '../../connector/cipher.ts'
import { CommitQueue } from '../../connector/commit-queue.ts'

const cipher = makeCipher(Buffer.alloc(32), 'a')
const makeQueue = (last = 0) => new CommitQueue({ epoch: 1, last, cipher })
const key = (id: string, text: string) => ({ type: 'session', id, value: Buffer.from(text) })

function parse(frame: string | undefined) {
  const parsed = LinkUpFrame.parse(JSON.parse(frame!))
  if (parsed.type !== 'commit') throw new Error('not a commit')
  return parsed
}

const read = ({ type, id, value }: KeyChange) =>
  value && cipher.open(type, id, Buffer.from(value, 'base64')).toString()

describe('the queue of commits', () => {
  it('numbers commits from the Session’s last on, without holes', () => {
    const queue = makeQueue(41)
    queue.record({})
    expect(parse(queue.seal()).n).toBe(42)
    queue.record({})
    expect(parse(queue.seal()).n).toBe(43)
  })

  it('puts into one commit what has gathered, of each key only its last value', () => {
    const queue = makeQueue()
    queue.record({ keys: [key('a', 'old'), key('b', 'kept')] })
    queue.record({ keys: [key('a', 'new')], events: [{ event: { messageType: 'conversation' } }] })
    const commit = parse(queue.seal())
    expect(commit.keys?.map(read).sort()).toEqual(['kept', 'new'])
    expect(commit.events).toHaveLength(1)
    expect(queue.seal()).toBeUndefined()
  })

  it('never splits a change, and seals a commit at about 256 KB', () => {
    const queue = makeQueue()
    const large = 'x'.repeat(150_000)
    for (const id of ['a', 'b', 'c']) queue.record({ keys: [key(id, large), key(`${id}2`, 'small')] })
    for (let n = 1; n <= 3; n += 1) expect(parse(queue.seal()).keys).toHaveLength(2)
  })

  it('has at most four commits under way', () => {
    const queue = makeQueue()
    for (let n = 1; n <= 5; n += 1) {
      queue.record({})
      expect(queue.seal() === undefined).toBe(n === 5)
    }
    queue.acknowledge(1)
    expect(parse(queue.seal()).n).toBe(5)
  })

  it('sends the same bytes again after a broken link, from the Session’s last on', () => {
    const queue = makeQueue()
    const frames = ['a', 'b', 'c'].map((id) => {
      queue.record({ keys: [key(id, id)] })
      return queue.seal()
    })
    expect(queue.resume(1)).toEqual(frames.slice(1))
  })

  it.each([
    ['has lost what it had acknowledged', 0],
    ['has commits that were never made here', 9],
  ])('does not go on with a Session that %s', (_, last) => {
    const queue = makeQueue()
    queue.record({})
    queue.seal()
    queue.acknowledge(1)
    queue.record({})
    queue.seal()
    expect(queue.resume(last)).toBeUndefined()
  })

  it('sends the changes of a refused commit one by one, under the same numbers', () => {
    const queue = makeQueue()
    for (const id of ['a', 'b', 'c']) queue.record({ keys: [key(id, id)] })
    expect(parse(queue.seal()).n).toBe(1)
    queue.record({ keys: [key('d', 'd')] })
    queue.record({ keys: [key('e', 'e')] })
    expect(parse(queue.seal()).n).toBe(2)
    expect(queue.reduce()).toBe('split')
    const sealed = [1, 2, 3, 4].map(() => parse(queue.seal()))
    expect(sealed.map(({ n, keys }) => `${n} ${keys!.map(read).join('')}`)).toEqual([
      '1 a',
      '2 b',
      '3 c',
      '4 de',
    ])
    queue.acknowledge(4)
    expect(queue.ackedChange).toBe(5)
    expect(queue.uncommittedBytes).toBe(0)
  })

  it('has nothing to take away from keys alone', () => {
    const queue = makeQueue()
    queue.record({ keys: [key('a', 'a')] })
    queue.seal()
    expect(queue.reduce()).toBeUndefined()
  })

  it('never says that a change is durable before its commit was acknowledged', () => {
    const steps = fc.array(fc.constantFrom('record', 'seal', 'acknowledge'), { maxLength: 100 })
    fc.assert(
      fc.property(steps, (sequence) => {
        const queue = makeQueue()
        const sealedUpTo: number[] = []
        let acknowledged = 0
        for (const each of sequence) {
          if (each === 'record') queue.record({})
          else if (each === 'seal' && queue.seal() !== undefined) sealedUpTo.push(queue.lastChange)
          else if (each === 'acknowledge' && acknowledged < sealedUpTo.length) {
            acknowledged += 1
            queue.acknowledge(acknowledged)
          }
          expect(queue.ackedChange).toBe(acknowledged === 0 ? 0 : sealedUpTo[acknowledged - 1])
        }
      }),
    )
  })

  it('counts uncommitted bytes down to nothing', () => {
    const queue = makeQueue()
    queue.record({ keys: [key('a', 'x'.repeat(1000))] })
    expect(queue.uncommittedBytes).toBeGreaterThan(1000)
    queue.seal()
    queue.acknowledge(1)
    expect(queue.uncommittedBytes).toBe(0)
    expect(queue.isEmpty).toBe(true)
  })
})
