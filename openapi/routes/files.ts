import { createRoute, z } from '@hono/zod-openapi'
import { FileRetry, FileView, maxFileBytes, RetryFile } from '../../schema/api/file.ts'
import { IdFile } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Files'], security: tenantKey }
const file = z.object({ idFile: IdFile })
const binary = z.string().meta({ format: 'binary' })

const headers = {
  'content-length': { schema: { type: 'integer' as const }, description: 'Size in bytes.' },
  'accept-ranges': { schema: { type: 'string' as const }, description: '`bytes`.' },
  etag: { schema: { type: 'string' as const }, description: 'The SHA-256 of the file, when it is known.' },
}

export const uploadFile = createRoute({
  ...common,
  method: 'post',
  path: '/v1/files',
  operationId: 'uploadFile',
  summary: 'Upload a file',
  description: `The raw bytes, up to ${maxFileBytes / 1024 / 1024} MiB, with their content type.`,
  request: {
    headers: z.object({
      'x-file-name': z.string().max(1024).optional().meta({ description: 'Name of the file, URI-encoded.' }),
    }),
    body: { required: true, content: { 'application/octet-stream': { schema: binary } } },
  },
  responses: { 201: json(FileView, 'The stored file.'), ...problems(413, 415, 422) },
})

export const getFile = createRoute({
  ...common,
  method: 'get',
  path: '/v1/files/{idFile}',
  operationId: 'getFile',
  summary: 'Download a file',
  description: 'A `Range` of bytes may be asked for.',
  request: { params: file },
  responses: {
    200: { description: 'The file.', headers, content: { '*/*': { schema: binary } } },
    206: { description: 'The part that was asked for.', headers, content: { '*/*': { schema: binary } } },
    ...problems(404, 416),
  },
})

export const headFile = createRoute({
  ...common,
  method: 'head',
  path: '/v1/files/{idFile}',
  operationId: 'headFile',
  summary: 'Read size and type of a file',
  request: { params: file },
  responses: { 200: { description: 'The file is there.', headers }, ...problems(404) },
})

export const retryFile = createRoute({
  ...common,
  method: 'post',
  path: '/v1/files/{idFile}/retry',
  operationId: 'retryFile',
  summary: 'Fetch a file again that was unavailable',
  description:
    'For files of events with `fileStatus: "unavailable"`, those of the history among them. When WhatsApp has the file no more, the account’s phone is asked to upload it again: it must be online. No event tells what comes of it: read the file, which is 404 until it is there; another retry tells the last error.',
  request: { params: file, body: body(RetryFile) },
  responses: {
    200: json(FileRetry, 'The file is there already.'),
    202: json(FileRetry, 'It is being fetched.'),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
})
