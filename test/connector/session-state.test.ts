import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  eventNames,
  states,
  step,
  type Effect,
  type EventName,
  type State,
} from '../../connector/session-state.ts'

const events = fc.array(fc.constantFrom(...eventNames), { maxLength: 60 })

/** Runs the table and counts what it would do to the world. */
function run(sequence: EventName[]) {
  let state: State = 'attaching'
  let sockets = 0
  let hasLeft = false
  const problems: string[] = []
  for (const event of sequence) {
    const { to, effects } = step(state, event)
    if (event.startsWith('closed') && ['opening', 'pairing', 'open'].includes(state)) sockets = 0
    for (const effect of effects) {
      if (effect === 'open') sockets += 1
      if (effect === 'drop' || effect === 'close' || effect === 'unlink') sockets = 0
      if (effect === 'leave') hasLeft = true
      if (hasLeft && effect !== 'leave') problems.push(`${effect} after leaving`)
      if (sockets > 1) problems.push(`two sockets after ${state} ${event}`)
    }
    if (['opening', 'pairing', 'open'].includes(to) && sockets !== 1) problems.push(`${to} without a socket`)
    state = to
  }
  return { state, sockets, hasLeft, problems }
}

describe('the table of a session', () => {
  it('has a cell for each state and event, which leads to a state', () => {
    for (const state of states) {
      for (const event of eventNames) expect(states).toContain(step(state, event).to)
    }
  })

  it('keeps at most one WhatsApp socket, and does nothing after it has left', () => {
    fc.assert(
      fc.property(events, (sequence) => {
        expect(run(sequence).problems).toEqual([])
      }),
    )
  })

  it('has no socket once it has ended, and never comes back', () => {
    fc.assert(
      fc.property(events, (sequence) => {
        const end = run([...sequence, 'superseded'])
        expect(end).toMatchObject({ state: 'ended', sockets: 0, hasLeft: true })
        for (const event of eventNames) expect(step('ended', event)).toEqual({ to: 'ended', effects: [] })
      }),
    )
  })

  it('says nothing more when it is superseded', () => {
    for (const state of states) {
      const allowed: Effect[] = ['drop', 'leave']
      for (const effect of step(state, 'superseded').effects) expect(allowed).toContain(effect)
    }
  })
})
