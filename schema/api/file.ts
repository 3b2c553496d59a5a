import { z } from 'zod'
import { IdFile, IdSession } from '../id.ts'

/** The largest file that can be uploaded, sent or received. */
export const maxFileBytes = 100 * 1024 * 1024

export const FileView = z
  .object({
    idFile: IdFile,
    mimetype: z.string(),
    fileSize: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({
    id: 'File',
    examples: [
      {
        idFile: 'file_Zk7wE4tQ9sNf2uHb6jXyRc',
        mimetype: 'image/jpeg',
        fileSize: 48_213,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    ],
  })
export type FileView = z.infer<typeof FileView>

export const RetryFile = z
  .strictObject({
    idSession: IdSession.meta({ description: 'The session of the event that named the file.' }),
  })
  .meta({ id: 'RetryFile', examples: [{ idSession: 'support' }] })

export const FileRetry = z
  .object({
    idFile: IdFile,
    fileStatus: z.enum(['stored', 'fetching']),
    lastError: z.string().nullable().meta({ description: 'Why it could not be had the last time.' }),
  })
  .meta({
    id: 'FileRetry',
    examples: [
      {
        idFile: 'file_Zk7wE4tQ9sNf2uHb6jXyRc',
        fileStatus: 'fetching',
        lastError: 'WhatsApp has the file no more, and the phone did not send it again.',
      },
    ],
  })
