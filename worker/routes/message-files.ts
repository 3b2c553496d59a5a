import type { Context } from 'hono'
import { maxPreviewPictureBytes } from '../../schema/outgoing-field.ts'
import type { OutgoingMessage } from '../../schema/outgoing.ts'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { fileKey, openFileStore } from '../files/file-store.ts'

/** A file that is not there, or that cannot be what it is to be, is refused before anything is queued. */
export async function requireFiles(context: Context<AppEnv>, message: OutgoingMessage): Promise<void> {
  if ('idFile' in message) await requireFile(context, message.idFile, 'idFile')
  const picture = 'linkPreview' in message ? message.linkPreview?.idFile : undefined
  if (picture === undefined) return
  const { mimetype, fileSize } = await requireFile(context, picture, 'linkPreview.idFile')
  const isPicture = mimetype === 'image/jpeg' && fileSize <= maxPreviewPictureBytes
  if (!isPicture) throw refuse('linkPreview.idFile', `use a JPEG of at most ${maxPreviewPictureBytes} bytes`)
}

async function requireFile(context: Context<AppEnv>, idFile: string, path: string) {
  const key = fileKey(context.get('caller').idTenant, idFile)
  const file = await openFileStore(context.env.FILES).head(key)
  if (file) return file
  throw refuse(path, 'there is no such file, or its retention is over; upload it with POST /v1/files first')
}

function refuse(path: string, message: string): ApiError {
  return new ApiError('validationFailed', `${path}: ${message}. See errors.`, { errors: [{ path, message }] })
}
