import { expect, it } from 'vitest'
import { AlarmClock } from '../../worker/alarm-clock.ts'

it('sets an alarm again that could not be set, and none that stands', async () => {
  const set: number[] = []
  const answers = [Promise.reject(new Error('full')), Promise.resolve()]
  // Real storage cannot be made to refuse an alarm alone.
  const storage = {
    setAlarm: (at: number) => {
      set.push(at)
      return answers.shift()
    },
  } as unknown as DurableObjectStorage
  const clock = new AlarmClock(storage)
  const at = Date.now() + 1000
  await expect(clock.ensure(at)).rejects.toThrow('full')
  await clock.ensure(at)
  expect(clock.ensure(at)).toBeNull()
  expect(clock.ensure(at + 1000)).toBeNull()
  expect(set).toEqual([at, at])
})
