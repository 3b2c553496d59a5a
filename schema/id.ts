import { z } from 'zod'

const prefixed = (prefix: string, example: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{10,64}$`), `use an id such as ${example}`)
    .meta({ examples: [example] })

export const IdTenant = prefixed('ten', 'ten_8Jq2rVw0Kx5nT3bYc7dF1a')
export type IdTenant = z.infer<typeof IdTenant>

export const IdKey = prefixed('key', 'key_Q4mZs9uE2hLr6pXa0vWtB8')
export type IdKey = z.infer<typeof IdKey>

export const IdEvent = prefixed('evt', 'evt_3fT8yKx1PqLm5nRz0vBcWd')
export type IdEvent = z.infer<typeof IdEvent>

export const IdFile = prefixed('file', 'file_Zk7wE4tQ9sNf2uHb6jXyRc')
export type IdFile = z.infer<typeof IdFile>

export const IdSubscription = prefixed('sub', 'sub_5hVn8rJc1xTq4mWe7yKzPd')
export type IdSubscription = z.infer<typeof IdSubscription>

/** Chosen by the caller and unique in its tenant, or `ses_…` made by ChatLink. */
export const IdSession = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'use 1 to 64 of A-Z a-z 0-9 _ -')
  .meta({ examples: ['support'] })
export type IdSession = z.infer<typeof IdSession>

/** One connector process: a name that is stable while it runs. */
export const IdConnector = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/)
export type IdConnector = z.infer<typeof IdConnector>

/** Address of a `Session` object: the hexadecimal Durable Object id. A session deleted and made again has another. */
export const IdObject = z.string().regex(/^[0-9a-f]{64}$/)
export type IdObject = z.infer<typeof IdObject>

/** A WhatsApp address, such as `34600111222@s.whatsapp.net`, `…@g.us`, `…@lid`. */
export const Jid = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9._:-]+@[a-z.]+$/, 'use a WhatsApp address such as 34600111222@s.whatsapp.net')
export type Jid = z.infer<typeof Jid>
