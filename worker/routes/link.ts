import { Hono } from 'hono'
import { IdFile, IdObject } from '../../schema/id.ts'
import { ApiError, unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { readConfig } from '../env.ts'
import { fileKey, openFileStore } from '../files/file-store.ts'
import { requireToken } from '../middleware/authenticate.ts'
import { answerFile, storeBody } from './files.ts'

/** The connectors' side: their WebSockets, and the files that they bring and fetch. Not part of the public API. */
export const linkRoutes = new Hono<AppEnv>()

linkRoutes.use('/link/*', requireToken('CHATLINK_CONNECTOR_TOKEN'))

linkRoutes.get('/link/fleet', (context) => {
  requireUpgrade(context.req.header('upgrade'))
  return context.env.FLEET.getByName('fleet').fetch(context.req.raw)
})

linkRoutes.get('/link/sessions/:idObject', (context) => {
  requireUpgrade(context.req.header('upgrade'))
  return sessionObject(context.env, context.req.param('idObject')).fetch(context.req.raw)
})

linkRoutes.put('/link/sessions/:idObject/files/:idFile', async (context) => {
  const session = sessionObject(context.env, context.req.param('idObject'))
  const idFile = fileOf(context.req.param('idFile'))
  const ref = await session.ref()
  if (!ref) throw noSuchSession()
  const stored = await storeBody(context, ref.idTenant, idFile, context.req.header('x-chatlink-sha256'))
  const publicUrl = readConfig(context.env).CHATLINK_PUBLIC_URL || new URL(context.req.url).origin
  const { fileSize, sha256 } = stored
  unwrap(await session.fileStored({ idFile, fileSize, sha256, fileUrl: `${publicUrl}/v1/files/${idFile}` }))
  return context.json({ idFile, ...stored }, 201)
})

linkRoutes.get('/link/sessions/:idObject/files/:idFile', async (context) => {
  const ref = await sessionObject(context.env, context.req.param('idObject')).ref()
  if (!ref) throw noSuchSession()
  const key = fileKey(ref.idTenant, fileOf(context.req.param('idFile')))
  const file = await openFileStore(context.env.FILES).get(key)
  if (!file || file === 'outOfRange') throw new ApiError('fileNotFound', 'There is no such file.')
  return answerFile(context, file)
})

function sessionObject(env: AppEnv['Bindings'], idObject: string) {
  if (!IdObject.safeParse(idObject).success) throw noSuchSession()
  try {
    return env.SESSION.get(env.SESSION.idFromString(idObject))
  } catch {
    throw noSuchSession()
  }
}

function fileOf(text: string): string {
  const id = IdFile.safeParse(text)
  if (!id.success) throw new ApiError('fileNotFound', 'This is not the id of a file.')
  return id.data
}

function requireUpgrade(header: string | undefined): void {
  if (header?.toLowerCase() !== 'websocket')
    throw new ApiError('upgradeRequired', 'Open a WebSocket here.', { headers: { upgrade: 'websocket' } })
}

const noSuchSession = () => new ApiError('sessionNotFound', 'There is no such session object.')
