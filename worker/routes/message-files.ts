import type { Context } from 'hono'
import { maxFileBytes } from '../../schema/api/file.ts'
import { maxPreviewPictureBytes } from '../../schema/outgoing-field.ts'
import { hasFile, type SendableMessage } from '../../schema/outgoing.ts'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { targetPolicyOf } from '../dispatcher/target.ts'
import { readConfig } from '../env.ts'
import { fetchFile, fetchTimeoutMs } from '../files/fetch-file.ts'
import { fileKey, openFileStore } from '../files/file-store.ts'
import { readOrigin } from '../idempotency.ts'
import { randomId } from '../random-id.ts'

/** What a server may call a file that is to be such a message. */
const families: Readonly<Record<string, string>> = {
  imageMessage: 'image/',
  videoMessage: 'video/',
  audioMessage: 'audio/',
  stickerMessage: 'image/',
}

/**
 * The message with its file stored: what it names by `url` is fetched now, so that it is as durable as the message. Under an
 * `Idempotency-Key` the id of the file follows from the request: whoever repeats it finds the file, and none is fetched twice.
 */
export async function storeFile(
  context: Context<AppEnv>,
  message: SendableMessage,
  origin: { idSession: string; key: string | undefined },
): Promise<SendableMessage> {
  if (!hasFile(message) || message.url === undefined) return message
  const { url, ...rest } = message
  const { idTenant } = context.get('caller')
  const key = origin.key && `${origin.idSession}\0${origin.key}\0${JSON.stringify(message)}`
  const idFile = (await readOrigin('file', { idTenant, key, request: null }))?.id ?? randomId('file')
  const store = openFileStore(context.env.FILES)
  const stored = { ...rest, idFile }
  if (key && (await store.head(fileKey(idTenant, idFile)))) return stored
  const fetched = await fetchFile(store, {
    url,
    key: fileKey(idTenant, idFile),
    mimetype: message.mimetype,
    family: families[message.messageType],
    maxBytes: maxFileBytes,
    timeoutMs: fetchTimeoutMs,
    policy: targetPolicyOf(readConfig(context.env)),
  })
  if (fetched.ok) return stored
  const code = fetched.code === 'fileNotFetched' ? 'fileNotFetched' : 'targetRefused'
  throw new ApiError(code, `url: ${fetched.detail}`, { errors: [{ path: 'url', message: fetched.detail }] })
}

/**
 * A file that is not there, or that cannot be what it is to be, is refused before anything is queued; `path` is the field of
 * the request that names it.
 */
export async function requireFiles(
  context: Context<AppEnv>,
  message: SendableMessage,
  path: 'idFile' | 'idEvent',
): Promise<void> {
  if (hasFile(message) && message.idFile !== undefined) await requireFile(context, message.idFile, path)
  const picture = 'linkPreview' in message ? message.linkPreview?.idFile : undefined
  if (picture === undefined) return
  await requireJpeg(context, picture, 'linkPreview.idFile', maxPreviewPictureBytes)
}

/** Refuses what is not a stored JPEG of that size; `path` is the field of the request that names it. */
export async function requireJpeg(
  context: Context<AppEnv>,
  idFile: string,
  path: string,
  maxBytes: number,
): Promise<void> {
  const { mimetype, fileSize } = await requireFile(context, idFile, path)
  const isPicture = mimetype === 'image/jpeg' && fileSize <= maxBytes
  if (!isPicture) throw refuse(path, `use a JPEG of at most ${maxBytes} bytes`)
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
