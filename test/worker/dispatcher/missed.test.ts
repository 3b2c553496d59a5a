import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addMissed, isMissed, nextMissed, subtractMissed } from '../../../worker/dispatcher/missed.ts'
import { drained, makeDelivery, text, until, type Delivery } from './fixture.ts'

async function replayFailed({ dispatcher, describe: view }: Delivery, afterSequence = 0): Promise<void> {
  expect(await dispatcher.replay({ onlyFailed: true, afterSequence })).toMatchObject({ ok: true })
  await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
}

describe('a replay of what was missed', () => {
  it('of a part of it leaves what came before that part for another', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, change } = delivery
    await change({ status: 'disabled' })
    await log(text('1'), text('2'), text('3'), text('4'))
    await change({ status: 'enabled' })
    await replayFailed(delivery, 2)
    expect(await endpoint.values()).toEqual(['3', '4'])
    await replayFailed(delivery)
    expect(await endpoint.values()).toEqual(['3', '4', '1', '2'])
    await replayFailed(delivery)
    expect(await endpoint.values()).toHaveLength(4)
  })

  it('sends what stood behind a failing event when all was disabled, and not what other chats had', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, change, describe: view } = delivery
    await endpoint.scriptMatching('"bad"', { status: 500 }, { status: 200 })
    await log(text('bad', '1'), text('behind', '1'), text('other', '2'))
    await until(async () => (await view()).failing === 1 && (await view()).lag === 2, 'one fails, one waits')
    await change({ status: 'disabled' })
    await change({ status: 'enabled' })
    expect(await view()).toMatchObject({ failing: 0, exhausted: 1, lag: 0 })
    await replayFailed(delivery)
    await drained(delivery, 4)
    expect((await endpoint.values()).slice(2)).toEqual(['bad', 'behind'])
  })
})

const last = 20
const ranges = fc.array(
  fc.record({
    after: fc.nat(last),
    through: fc.nat(last),
    lane: fc.constantFrom(null, 'chat:a', 'chat:b'),
  }),
  { maxLength: 6 },
)
const sequences = Array.from({ length: last + 2 }, (_, sequence) => sequence)

describe('missed parts of the log', () => {
  it('hold what was added and not what was taken out, lane by lane, and are found in order', () => {
    fc.assert(
      fc.property(ranges, fc.nat(last), fc.nat(last), (added, one, other) => {
        const [after, through] = [Math.min(one, other), Math.max(one, other)]
        const left = subtractMissed(addMissed([], added), after, through)
        for (const lane of ['chat:a', 'chat:b']) {
          const expected = sequences.filter(
            (sequence) =>
              (sequence <= after || sequence > through) &&
              added.some(
                (range) =>
                  (range.lane ?? lane) === lane && range.after < sequence && sequence <= range.through,
              ),
          )
          expect(sequences.filter((sequence) => isMissed(left, sequence, [lane, 'session']))).toEqual(
            expected,
          )
        }
        const found: number[] = []
        for (let next = nextMissed(left, 0); next !== null; next = nextMissed(left, next)) found.push(next)
        const inAny = (sequence: number) => isMissed(left, sequence, ['chat:a', 'chat:b'])
        expect(found).toEqual(sequences.filter(inAny))
      }),
    )
  })

  it('stay few, however many are added, and cover more rather than less', () => {
    const many = Array.from({ length: 4000 }, (_, index) => ({
      after: 10 * index + 5,
      through: 10 * index + 6,
      lane: `chat:${index}`,
    }))
    const missed = addMissed(many.slice(0, 2000), many.slice(2000))
    expect(missed.length).toBeLessThanOrEqual(3000)
    for (const { through, lane } of many) expect(isMissed(missed, through, [lane])).toBe(true)
    expect(nextMissed(missed, 0)).toBe(6)
    expect(nextMissed(missed, many.at(-1)!.through)).toBeNull()
  })
})
