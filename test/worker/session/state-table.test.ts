import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionReason, type SessionState } from '../../../schema/event/session.ts'
import { reasonTexts } from '../../../worker/session/reason-text.ts'
import { isActive, stateTable, type SessionInput } from '../../../worker/session/state-table.ts'

const inputs = Object.keys(stateTable.stopped) as SessionInput[]

function run(sequence: SessionInput[]) {
  let state: SessionState = 'stopped'
  return sequence.map((input) => {
    const before = state
    const cell = stateTable[before][input]
    state = cell.state ?? before
    return { before, input, cell, state }
  })
}

const lives = fc.array(fc.constantFrom(...inputs), { maxLength: 60 }).map(run)

describe('stateTable', () => {
  it('tells started exactly when a session at rest begins', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, cell, state } of life) {
          expect(cell.action === 'started').toBe(!isActive(before) && isActive(state))
        }
      }),
    )
  })

  it('tells stopped or loggedOut whenever an active session comes to rest', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, cell, state } of life) {
          if (isActive(before) && !isActive(state)) expect(cell.action).toBe(state)
        }
      }),
    )
  })

  it('tells connected exactly when the state becomes connected', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, cell, state } of life) {
          expect(cell.action === 'connected').toBe(state === 'connected' && before !== 'connected')
        }
      }),
    )
  })

  it('asks a connector only while one may run the session, and changes nothing by asking', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, cell } of life) {
          if (cell.ask) {
            expect(isActive(before)).toBe(true)
            expect(cell).toEqual({ ask: cell.ask })
          }
        }
      }),
    )
  })

  it('destroys only at rest', () => {
    fc.assert(
      fc.property(lives, (life) => {
        for (const { before, cell } of life)
          if (cell.action === 'destroyed') expect(isActive(before)).toBe(false)
      }),
    )
  })
})

describe('reasonTexts', () => {
  it.each(SessionReason.options)('explains %s in a sentence', (reason) => {
    expect(reasonTexts[reason]).toMatch(/^[A-Z].{20,}\.$/)
  })
})
