import { describe, expect, it } from 'vitest'
import { readClose } from '../../connector/close-cause.ts'

describe('the end of a WhatsApp connection', () => {
  it.each([
    [515, 'restart', 'serverRestart'],
    [428, 'retry', 'connectionLost'],
    [408, 'retry', 'connectionLost'],
    [440, 'stop', 'replaced'],
    [401, 'loggedOut', 'loggedOutByPhone'],
    [419, 'loggedOut', 'loggedOutByPhone'],
    [402, 'stop', 'temporarilyBanned'],
    [403, 'stop', 'banned'],
    [405, 'stop', 'clientOutdated'],
    [406, 'stop', 'refused'],
    [409, 'stop', 'refused'],
    [411, 'stop', 'multiDeviceMismatch'],
    [500, 'retry', 'serverError'],
    [503, 'retry', 'serverError'],
    [516, 'retry', 'serverError'],
    [599, 'retry', 'serverError'],
  ])('with code %i means %s because of %s', (code, kind, reason) => {
    expect(readClose(code, 'whatever', true)).toMatchObject({ kind, reason })
  })

  it('says nothing of the account when the WebSocket did not come about, whatever HTTP answered', () => {
    const message = 'WebSocket Error (Unexpected server response: 401)'
    expect(readClose(401, message, true)).toMatchObject({ kind: 'retry', reason: 'connectionLost' })
  })

  it('is the end of the QRs only while the account is not linked', () => {
    expect(readClose(408, 'QR refs attempts ended', false)).toMatchObject({
      kind: 'stop',
      reason: 'qrExpired',
    })
    expect(readClose(408, 'QR refs attempts ended', true)).toMatchObject({ reason: 'connectionLost' })
  })
})
