import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probePort } from '../../worker/host/port.ts'

const worker = `export default {
  async fetch(request, env) {
    const answer = await fetch(env.SINK, { method: 'POST', body: await request.text(), headers: { 'content-type': 'application/json' } })
    await answer.text()
    return new Response(null, { status: answer.status })
  },
}`

/** The yardstick: POST in, fetch out on the same workerd, nothing validated, stored, signed or ordered. */
export class Relay {
  readonly url: string
  readonly pid: number
  readonly #process: ChildProcess
  readonly #directory: string

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url
    this.pid = child.pid!
    this.#process = child
    this.#directory = directory
  }

  static async start(sinkUrl: string): Promise<Relay> {
    const port = await probePort('127.0.0.1', 0)
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-relay-'))
    const config = join(directory, 'relay.capnp')
    writeFileSync(join(directory, 'relay.js'), worker)
    writeFileSync(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "relay", worker = .relay), (name = "internet", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "relay")],
);
const relay :Workerd.Worker = (
  modules = [(name = "relay.js", esModule = embed "relay.js")],
  compatibilityDate = "2026-10-01",
  bindings = [(name = "SINK", text = "${sinkUrl}")],
  globalOutbound = "internet",
);
`,
    )
    const child = spawn(createRequire(import.meta.url)('workerd').default as string, ['serve', config])
    const url = `http://127.0.0.1:${port}/`
    for (let tries = 0; tries < 100; tries++) {
      const isUp = await fetch(url, { method: 'POST', body: '{}' }).then(
        () => true,
        () => false,
      )
      if (isUp) return new Relay(url, child, directory)
      await new Promise((done) => setTimeout(done, 50))
    }
    throw new Error('the relay does not answer')
  }

  stop(): void {
    this.#process.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
