import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probePort } from '../../worker/host/port.ts'
import { writeWorkerdConfig } from '../../worker/host/workerd-config.ts'
import { waitUntil } from '../support/wait.ts'

const workerd = createRequire(import.meta.url)('workerd').default as string

/** A Worker that shows what the platform does: an object with a row and an alarm, a fetch, the bindings. */
const probe = `
import { DurableObject } from 'cloudflare:workers'
export class Keeper extends DurableObject {
  constructor(context, env) {
    super(context, env)
    context.storage.sql.exec('CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, at INTEGER)')
  }
  note(name) { this.ctx.storage.sql.exec('INSERT OR REPLACE INTO notes VALUES (?, ?)', name, Date.now()) }
  async wake(afterMs) { this.note('asked'); await this.ctx.storage.setAlarm(Date.now() + afterMs) }
  alarm() { this.note('rang') }
  names() { return this.ctx.storage.sql.exec('SELECT name FROM notes ORDER BY name').toArray().map((row) => row.name) }
}
export default {
  async fetch(request, env) {
    const url = new URL(request.url)
    const keeper = env.KEEPER.get(env.KEEPER.idFromName('one'))
    switch (url.pathname) {
      case '/wake': return new Response(String(await keeper.wake(Number(url.searchParams.get('ms')))))
      case '/names': return Response.json(await keeper.names())
      case '/reach': {
        try { return new Response('reached ' + (await fetch(url.searchParams.get('url'))).status) }
        catch (error) { return new Response('blocked') }
      }
      case '/secret': return new Response(env.CHATLINK_ADMIN_TOKEN)
      default: return env.ASSETS.fetch(request)
    }
  },
}
`

let directory: string
let port: number
let child: ChildProcess | undefined
/** What workerd said on its error output. */
let complaints = ''

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chatlink-workerd-'))
  port = await probePort('127.0.0.1', 0)
  for (const name of ['objects', 'files', 'assets']) mkdirSync(join(directory, name))
  writeFileSync(join(directory, 'index.js'), probe)
  cpSync(new URL('../../worker/host/assets.js', import.meta.url), join(directory, 'assets.js'))
})

afterEach(async () => {
  await kill()
  rmSync(directory, { recursive: true, force: true })
})

async function run(allowPrivateTargets = false): Promise<void> {
  const config = writeWorkerdConfig({
    manifest: {
      compatibilityDate: '2026-09-01',
      compatibilityFlags: [],
      modules: ['index.js'],
      objects: [{ binding: 'KEEPER', className: 'Keeper' }],
      filesBinding: 'FILES',
      assetsBinding: 'ASSETS',
      variables: {},
    },
    address: `127.0.0.1:${port}`,
    modulesDirectory: '.',
    assetsModule: 'assets.js',
    assetsDirectory: join(directory, 'assets'),
    objectsDirectory: join(directory, 'objects'),
    filesDirectory: join(directory, 'files'),
    variables: ['CHATLINK_ADMIN_TOKEN'],
    allowPrivateTargets,
  })
  writeFileSync(join(directory, 'workerd.capnp'), config)
  child = spawn(workerd, ['serve', join(directory, 'workerd.capnp')], {
    env: { CHATLINK_ADMIN_TOKEN: 'the admin token' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  complaints = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (complaints += chunk))
  await waitUntil('workerd answers', async () => (await get('/secret')).ok)
}

async function kill(): Promise<void> {
  if (!child) return
  const ended = new Promise((done) => child!.once('exit', done))
  child.kill('SIGKILL')
  await ended
  child = undefined
}

const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
const text = async (path: string) => (await get(path)).text()
const reach = (url: string) => text(`/reach?url=${encodeURIComponent(url)}`)

describe('workerd on one’s own machine', () => {
  it('gives variables from the environment', async () => {
    await run()
    expect(await text('/secret')).toBe('the admin token')
  })

  it('keeps an object’s rows and its alarm over kill -9', async () => {
    await run()
    await get('/wake?ms=1500')
    expect(await (await get('/names')).json()).toEqual(['asked'])
    await kill()
    await run()
    await waitUntil('the alarm rings', async () => (await text('/names')).includes('rang'))
    expect(await (await get('/names')).json()).toEqual(['asked', 'rang'])
  })

  it('does not reach this machine or networks that are no subscriber’s', async () => {
    await run()
    const urls = [
      `http://127.0.0.1:${port}/secret`,
      `http://localhost:${port}/secret`,
      'http://10.0.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://192.0.2.1/',
      'http://198.18.0.1/',
      'http://[::1]/',
      `http://[::ffff:127.0.0.1]:${port}/secret`,
      'http://[64:ff9b::7f00:1]/',
    ]
    expect(await Promise.all(urls.map(reach))).toEqual(urls.map(() => 'blocked'))
    const refused = () => complaints.match(/^[^\n]*blocked by restrictPeers/gm)?.length ?? 0
    await waitUntil('workerd says that it refused each', () => refused() >= urls.length)
  })

  it('reaches this machine when private targets are allowed', async () => {
    await run(true)
    expect(await reach(`http://127.0.0.1:${port}/secret`)).toBe('reached 200')
  })

  it('serves assets with their types, directories by their index', async () => {
    mkdirSync(join(directory, 'assets/console'))
    writeFileSync(join(directory, 'assets/console/index.html'), '<h1>hello</h1>')
    writeFileSync(join(directory, 'assets/app.js'), 'export {}')
    await run()
    const page = await get('/console/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await page.text()).toBe('<h1>hello</h1>')
    const script = await get('/app.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    const etag = script.headers.get('etag')!
    const cached = await fetch(`http://127.0.0.1:${port}/app.js`, { headers: { 'if-none-match': etag } })
    expect(cached.status).toBe(304)
    expect((await get('/nothing.js')).status).toBe(404)
    expect((await get('/..%2fworkerd.capnp')).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port}/app.js`, { method: 'POST' })).status).toBe(405)
  })
})
