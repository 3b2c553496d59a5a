import '../../connector/libsignal.ts'
import { expect, it } from 'vitest'
import { playDrama } from '../chaos/drama.ts'

it('loses, doubles and reorders nothing while its processes are killed and frozen and its links cut', async () => {
  const said: string[] = []
  const verdict = await playDrama({
    seed: 3301,
    seconds: 45,
    sessions: 3,
    messagesPerSecond: 15,
    say: (text) => said.push(text),
  })
  const {
    harms,
    received,
    sent,
    duplicates,
    healedMs,
    longestStandstillMs,
    linked,
    histories,
    memory,
    ...faults
  } = verdict
  const figures = { received, sent, duplicates, healedMs, longestStandstillMs, linked, histories, memory }
  console.log(JSON.stringify(figures))
  expect(faults, said.join('\n')).toEqual({
    wronglySent: [],
    lost: [],
    split: [],
    disorder: [],
    badSignatures: 0,
    repeatedActions: [],
    deadRatchets: [],
    reusedCounters: [],
    needless: [],
    unlinked: [],
    lostHistory: [],
    excesses: [],
    unknownStanzas: [],
  })
  expect(received).toBeGreaterThan(200)
  expect(sent).toBeGreaterThan(30)
  expect(Object.keys(harms).length).toBeGreaterThan(4)
}, 170_000)
