import { z } from 'zod'
import { IdFile } from '../id.ts'

/** The largest file that can be uploaded, sent or received. */
export const maxFileBytes = 100 * 1024 * 1024

export const FileView = z
  .object({
    idFile: IdFile,
    mimetype: z.string(),
    fileSize: z.int().nonnegative(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ id: 'File' })
export type FileView = z.infer<typeof FileView>
