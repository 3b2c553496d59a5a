import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { getFile, retryFile, uploadFile } from '../../openapi/routes/files.ts'
import { maxFileBytes } from '../../schema/api/file.ts'
import { IdFile } from '../../schema/id.ts'
import { ApiError, unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import {
  fileKey,
  type FileContent,
  type FileRange,
  openFileStore,
  type StoredFile,
} from '../files/file-store.ts'
import { requireKey, requireScope } from '../middleware/authenticate.ts'
import { limitJson } from '../middleware/limit-json.ts'
import { refuseInvalid } from '../problem.ts'
import { randomId } from '../random-id.ts'
import { findSession } from './find-session.ts'

/** Media of a tenant: upload, download whole or in part. Streamed both ways. */
export const fileRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

fileRoutes.use('/v1/files/*', requireKey())

fileRoutes.use('/v1/files/:idFile/retry', limitJson())

fileRoutes.openapi({ ...retryFile, middleware: requireScope('files:write') }, async (context) => {
  const { idFile } = context.req.valid('param')
  const session = await findSession(context, context.req.valid('json').idSession)
  const key = fileKey(context.get('caller').idTenant, idFile)
  if (await openFileStore(context.env.FILES).head(key)) {
    return context.json({ idFile, fileStatus: 'stored' as const, lastError: null }, 200)
  }
  const { lastError } = unwrap(await session.retryFile(idFile))
  return context.json({ idFile, fileStatus: 'fetching' as const, lastError: lastError || null }, 202)
})

fileRoutes.on(uploadFile.method, uploadFile.path, requireScope('files:write'), async (context) => {
  const idFile = randomId('file')
  const stored = await storeBody(context, context.get('caller').idTenant, idFile)
  return context.json({ idFile, ...stored }, 201)
})

fileRoutes.on(['get'], getFile.getRoutingPath(), requireScope('files:read'), async (context) => {
  const id = IdFile.safeParse(context.req.param('idFile'))
  if (!id.success) throw noSuchFile()
  const key = fileKey(context.get('caller').idTenant, id.data)
  const store = openFileStore(context.env.FILES)
  if (context.req.method === 'HEAD') {
    const file = await store.head(key)
    if (!file) throw noSuchFile()
    return context.body(null, 200, { ...describe(file), 'content-length': `${file.fileSize}` })
  }
  const file = await store.get(key, readRange(context.req.header('range')))
  if (!file) throw noSuchFile()
  if (file === 'outOfRange') throw outOfRange(await store.head(key))
  return answerFile(context, file)
})

/** Stores a request's body as a file of a tenant, within the limit, checked against the hash that is expected. */
export async function storeBody(
  context: Context<AppEnv>,
  idTenant: string,
  idFile: string,
  expectedSha256?: string,
) {
  const mimetype = context.req.header('content-type')
  if (!mimetype) throw new ApiError('unsupportedMediaType', 'Send a content-type, such as image/jpeg.')
  const { body } = context.req.raw
  if (!body) throw new ApiError('validationFailed', 'Send the bytes of the file as the body.')
  if (Number(context.req.header('content-length') ?? 0) > maxFileBytes) throw tooLarge()
  const fileName = decodeName(context.req.header('x-file-name') ?? context.req.header('x-chatlink-file-name'))
  const result = await openFileStore(context.env.FILES).put(fileKey(idTenant, idFile), body, {
    mimetype,
    maxBytes: maxFileBytes,
    ...(fileName && { fileName }),
    ...(expectedSha256 && { expectedSha256 }),
  })
  if (!result.ok && result.code === 'fileTooLarge') throw tooLarge()
  const { fileSize, sha256 } = unwrap(result)
  return { mimetype, fileSize, sha256 }
}

/** Answers with a file, or the part of it that was asked for. */
export function answerFile(context: Context<AppEnv>, file: FileContent): Response {
  const { body, range, fileSize } = file
  if (!range) return context.body(body, 200, { ...describe(file), 'content-length': `${fileSize}` })
  const { offset, length } = range
  return context.body(body, 206, {
    ...describe(file),
    'content-length': `${length}`,
    'content-range': `bytes ${offset}-${offset + length - 1}/${fileSize}`,
  })
}

/** Files come from strangers: whatever they claim to be, a browser must neither sniff nor run them. */
function describe({ mimetype, fileName, sha256 }: StoredFile): Record<string, string> {
  const name = fileName ? `; filename*=UTF-8''${encodeURIComponent(fileName.toWellFormed())}` : ''
  return {
    'content-type': mimetype,
    'content-disposition': `attachment${name}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    ...(sha256 && { etag: `"${sha256}"` }),
  }
}

function readRange(header: string | undefined): FileRange | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!parts || (parts[1] === '' && parts[2] === '')) return undefined
  if (parts[1] === '') return { suffix: Number(parts[2]) }
  const offset = Number(parts[1])
  if (parts[2] === '') return { offset }
  return Number(parts[2]) < offset ? undefined : { offset, length: Number(parts[2]) - offset + 1 }
}

function decodeName(header: string | undefined): string | undefined {
  try {
    return header && decodeURIComponent(header).slice(0, 255).toWellFormed()
  } catch {
    const errors = [{ path: 'x-file-name', message: 'encode it as in a URI' }]
    throw new ApiError('validationFailed', 'The name of the file is not URI-encoded. See errors.', { errors })
  }
}

const noSuchFile = () => new ApiError('fileNotFound', 'There is no such file, or its retention is over.')
const outOfRange = (file: StoredFile | null) =>
  new ApiError(
    'rangeNotSatisfiable',
    'The range begins behind the end of the file. `content-range` says how long it is.',
    {
      headers: file ? { 'content-range': `bytes */${file.fileSize}` } : {},
    },
  )
const tooLarge = () => new ApiError('fileTooLarge', `A file has at most ${maxFileBytes} bytes.`)
