import { z } from 'zod'
import { IdFile, Jid } from '../id.ts'

/** WhatsApp's own clients send some 50 KiB, 640 by 640 pixels. */
export const maxProfilePictureBytes = 256 * 1024
export const maxProfileNameCharacters = 25

export const Profile = z
  .object({
    name: z.string().nullable().meta({ description: 'What others see; `null` until WhatsApp has told it.' }),
    pictureUrl: z
      .url()
      .nullable()
      .meta({ description: 'Where WhatsApp has the picture, for some days; `null` when there is none.' }),
  })
  .meta({
    id: 'Profile',
    examples: [{ name: 'Acme', pictureUrl: 'https://pps.whatsapp.net/v/t61.24694-24/acme.jpg' }],
  })

export const profileChanges = {
  name: z.string().min(1).max(maxProfileNameCharacters).optional(),
  idFile: IdFile.nullable()
    .optional()
    .meta({
      description: `The picture: an uploaded JPEG of at most ${maxProfilePictureBytes / 1024} KiB, square, best 640 by 640 pixels; it goes as it is. \`null\` takes the picture away.`,
    }),
}

export const UpdateProfile = z
  .strictObject(profileChanges)
  .refine((changes) => Object.keys(changes).length > 0, 'name at least one change')
  .meta({ id: 'UpdateProfile', examples: [{ name: 'Acme', idFile: 'file_Zk7wE4tQ9sNf2uHb6jXyRc' }] })

export const BlockedPerson = z
  .object({
    jid: Jid.meta({ description: 'The number’s JID when it is known, else the LID.' }),
    number: Jid.nullable(),
    lid: Jid.nullable(),
  })
  .meta({ id: 'BlockedPerson' })
export type BlockedPerson = z.infer<typeof BlockedPerson>

export const BlockList = z.object({ blocked: z.array(BlockedPerson) }).meta({
  id: 'BlockList',
  examples: [
    {
      blocked: [
        {
          jid: '34600111222@s.whatsapp.net',
          number: '34600111222@s.whatsapp.net',
          lid: '180001112223334@lid',
        },
      ],
    },
  ],
})
