import { z } from 'zod'
import { IsoTime } from './common.ts'
import { TelephoneNumber } from './contact.ts'

export const RequestPairingCode = z
  .strictObject({
    phoneNumber: TelephoneNumber.meta({
      description: 'The number of the account that is to be linked, with country code.',
    }),
  })
  .meta({ id: 'RequestPairingCode', examples: [{ phoneNumber: '+34 911 222 333' }] })

export const PairingCode = z
  .object({
    pairingCode: z.string().meta({
      description: 'To be typed on the phone: eight characters, which WhatsApp shows as two groups of four.',
    }),
    expiresAt: IsoTime,
  })
  .meta({
    id: 'PairingCode',
    examples: [{ pairingCode: 'K7QX2M9D', expiresAt: '2026-01-31T12:02:40.000Z' }],
  })

/** How a connector answers: `expiresAt` in Unix milliseconds. */
export const GivenCode = z.object({ pairingCode: z.string(), expiresAt: z.int().positive() })
