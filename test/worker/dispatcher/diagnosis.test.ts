import { expect, it } from 'vitest'
import { diagnose } from '../../../worker/dispatcher/diagnosis.ts'
import { Endpoint } from '../support/endpoint.ts'

it.each(['0tls4ssl', 'a1dns2resolve', 'blocked9'])(
  'reads nothing into the reference %s of an internal error',
  async (reference) => {
    const { url } = new Endpoint()
    const cause = new Error(`internal error; reference = ${reference}`)
    expect(await diagnose(cause, new URL(url))).toBe('connectionFailed')
  },
)
