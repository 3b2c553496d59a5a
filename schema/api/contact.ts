import { z } from 'zod'
import { Jid } from '../id.ts'
import { cursorLike, nextCursor, PageQuery } from './common.ts'

export const maxCheckedNumbers = 50

/** A telephone number as people write it, reduced to country code and digits: `+34 600-111-222` is `34600111222`. */
export const TelephoneNumber = z
  .string()
  .max(40)
  .regex(/^(\+|00)?[\d\s().-]+$/, 'use digits with the country code, such as +34 600 111 222')
  .transform((text) => text.replaceAll(/\D/g, '').replace(/^00/, ''))
  .pipe(z.string().regex(/^[1-9]\d{5,14}$/, 'use 6 to 15 digits, beginning with the country code'))

/** Whom something is for: a JID, or a telephone number, which becomes one. */
export const Address = z.union([Jid, TelephoneNumber.transform((number) => `${number}@s.whatsapp.net`)], {
  error: 'use a WhatsApp address, or a number with its country code such as +34 600 111 222',
})

export const CheckContacts = z
  .strictObject({
    numbers: z
      .array(TelephoneNumber)
      .min(1)
      .max(maxCheckedNumbers)
      .meta({ description: 'With country code; `+`, spaces, dashes, dots and brackets are left out.' }),
  })
  .meta({ id: 'CheckContacts', examples: [{ numbers: ['+34 600 111 222'] }] })

export const ContactCheck = z
  .strictObject({
    number: z.string().meta({ description: 'The number as it was understood: digits alone.' }),
    jid: Jid.nullable().meta({
      description:
        'What to write as `to`, which may hold another number: WhatsApp knows which; `null` when nobody.',
    }),
    exists: z.boolean().meta({ description: 'Whether the number is on WhatsApp.' }),
    lid: Jid.optional().meta({ description: 'The LID, when WhatsApp gave one.' }),
  })
  .meta({
    id: 'ContactCheck',
    examples: [
      { number: '34600111222', jid: '34600111222@s.whatsapp.net', exists: true, lid: '180001112223334@lid' },
    ],
  })
export type ContactCheck = z.infer<typeof ContactCheck>

export const ContactChecks = z
  .object({ contacts: z.array(ContactCheck) })
  .meta({ id: 'ContactChecks', description: 'One for each number, in the order in which they were asked.' })

const contact = {
  jid: Jid.meta({ description: 'What to write to: the number’s JID when it is known, else the LID.' }),
  number: Jid.nullable().meta({ description: 'JID with the phone number; `null` while nobody knows it.' }),
  lid: Jid.nullable().meta({ description: 'The LID; `null` when WhatsApp gave none yet.' }),
  name: z
    .string()
    .nullable()
    .meta({ description: 'The person’s own WhatsApp name; `null` when none was told.' }),
  savedName: z
    .string()
    .nullable()
    .meta({ description: 'The name in the address book of the account’s phone.' }),
}

const exampleContact = {
  jid: '34600111222@s.whatsapp.net',
  number: '34600111222@s.whatsapp.net',
  lid: '180001112223334@lid',
  name: 'Ana García',
  savedName: null,
}

export const Contact = z.object(contact).meta({ id: 'Contact', examples: [exampleContact] })
export type Contact = z.infer<typeof Contact>

export const ContactQuery = PageQuery.extend({ cursor: cursorLike(/^[^@\s]{1,128}@[a-z.]{1,64}$/) })

export const ContactPage = z
  .object({ contacts: z.array(Contact), cursor: nextCursor })
  .meta({ id: 'ContactPage' })

export const ProfilePicture = z.strictObject({
  pictureUrl: z.url().nullable().meta({
    description:
      'Where WhatsApp has the picture, for some days; `null` when there is none, it is hidden, or WhatsApp cannot be asked at the moment.',
  }),
})

export const ContactDetail = z.object({ ...contact, ...ProfilePicture.shape }).meta({
  id: 'ContactDetail',
  examples: [{ ...exampleContact, pictureUrl: 'https://pps.whatsapp.net/v/t61.24694-24/ana.jpg' }],
})
