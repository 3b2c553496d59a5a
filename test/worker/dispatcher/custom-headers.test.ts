import { describe, expect, it } from 'vitest'
import { checkCustomHeaders } from '../../../worker/dispatcher/custom-headers.ts'

describe('a custom header', () => {
  it.each([
    'Host',
    'Connection',
    'TE',
    'Via',
    'Forwarded',
    'Content-Length',
    'content-encoding',
    'transfer-encoding',
    'Proxy-Authorization',
    'Webhook-Signature',
    'svix-id',
    'CF-Connecting-IP',
    'X-Forwarded-Host',
    'sec-fetch-mode',
  ])('cannot be %s', (name) => {
    expect(checkCustomHeaders({ 'x-team': 'blue', [name]: 'x' })).toMatchObject({
      code: 'headerRefused',
      detail: expect.stringContaining(`"${name}"`),
    })
  })

  it.each(['authorization', 'x-team', 'x-webhook-id', 'viaduct', 'security-token'])('can be %s', (name) => {
    expect(checkCustomHeaders({ [name]: 'x' })).toMatchObject({ ok: true })
  })
})
