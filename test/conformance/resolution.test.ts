import { lookup } from 'node:dns/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unstable_readConfig } from 'wrangler'
import { writeWorkerdConfig } from '../../worker/host/workerd-config.ts'
import { canHaveHosts, makeHosts, Outside, publicName } from './outside.ts'
import { ok, RawEndpoint, says } from './raw-endpoint.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { waitUntil } from './waiting.ts'

/**
 * What becomes of a name that leads to this machine: nothing may reach a listener here. On workerd the egress network looks
 * at addresses after DNS; on Cloudflare `global_fetch_strictly_public` (wrangler.toml) does, which cannot be shown here.
 */
const refused = 'dnsFailed'
const tellsOfTheNetwork = /127\.0\.0\.1|::1|restrictPeers|ECONN|loopback|private|internal/i

/** Takes connections, counts them and closes them: whoever reaches this has reached too far. */
class Listener {
  connections = 0
  readonly #server: Server = createServer((socket) => {
    this.connections++
    socket.on('error', () => undefined).destroy()
  })

  static async open(): Promise<Listener> {
    const listener = new Listener()
    await new Promise<void>((done) => {
      listener.#server.listen(0, done)
    })
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    await new Promise((done) => this.#server.close(done))
  }
}

/** One address of each network that no webhook is in. */
const notPublic = [
  '127.0.0.1',
  '127.255.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  'fd00::1',
  'fe80::1',
  'ff02::1',
  '2001:db8::1',
]

let listener: Listener

beforeEach(async () => {
  listener = await Listener.open()
})

afterEach(async () => {
  await listener.close()
})

const notShown = canHaveHosts
  ? ''
  : '; names that look public are not shown: no mount namespace is to be had here'

describe(`L. Names that lead to this machine${notShown}`, () => {
  it('93. reach nothing through the network of `npm start`, and the tenant is told nothing of it', async () => {
    const stage = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: '1,1' })
    try {
      const names = await namesOfThisMachine()
      expect(names).toContain('localhost')
      // The check of the URL stays open, so that the network alone is in the way; with it open too, the names lead here.
      for (const name of names) {
        const one = await stage.case({ url: `http://${name}:${listener.port}/` })
        await one.publish(text('reaches'))
        expect(await one.untilStatus('exhausted'), name).toMatchObject({ lastError: 'connectionFailed' })
      }
      expect(listener.connections).toBe(names.length * 3)
      await narrowEgress(stage)
      const urls = names.flatMap((name) =>
        ['http', 'https'].map((scheme) => `${scheme}://${name}:${listener.port}/`),
      )
      await Promise.all(urls.map((url) => expectRefusal(stage, url)))
      expect(listener.connections).toBe(names.length * 3)
    } finally {
      await stage.stop()
    }
  }, 90_000)
})

describe('L. Names that lead to private addresses, on Cloudflare', () => {
  it('93. are refused by the platform, which the configuration asks to: global_fetch_strictly_public', () => {
    const config = unstable_readConfig(
      { config: fileURLToPath(new URL('../../wrangler.toml', import.meta.url)) },
      { hideWarnings: true },
    )
    expect(config.compatibility_flags).toContain('global_fetch_strictly_public')
  })
})

describe.each(canHaveHosts ? ['npm start'] : [])('L. Names that look public, with %s', () => {
  it('93. lead nowhere when they lead to this machine, at once or after a change of their address', async () => {
    const hosts = makeHosts('203.0.113.7')
    const production = await Outside.start(hosts.path)
    try {
      const url = `https://${publicName}:${listener.port}/webhook`
      const { idSubscription } = await production.api.post<{ idSubscription: string }>('/v1/subscriptions', {
        url,
      })
      hosts.lead('127.0.0.1')
      await production.publish(text('rebound'))
      const delivery = await production.untilExhausted(idSubscription)
      expect(delivery).toMatchObject({ lastError: refused, lastStatusCode: null, attempts: 2 })
      expect(JSON.stringify(delivery)).not.toMatch(tellsOfTheNetwork)
      expect(listener.connections).toBe(0)
    } finally {
      await production.stop()
      hosts.remove()
    }
  }, 90_000)

  it('93. lead nowhere when they lead to an address that is nobody’s or a network’s own, whatever its form', async () => {
    const addresses = Object.fromEntries(notPublic.map((to, index) => [`n${index}.${publicName}`, to]))
    const hosts = makeHosts('127.0.0.1', addresses)
    const production = await Outside.start(hosts.path)
    try {
      const made = await Promise.all(
        Object.entries(addresses).map(async ([name, to]) => {
          const body = { url: `https://${name}:${listener.port}/webhook` }
          return { to, ...(await production.api.post<{ idSubscription: string }>('/v1/subscriptions', body)) }
        }),
      )
      const startedAt = Date.now()
      await production.publish(text('nowhere'))
      for (const { to, idSubscription } of made) {
        // Not "connection failed": nothing was connected to, which would take its time or be refused by the machine.
        expect(await production.untilExhausted(idSubscription), to).toMatchObject({ lastError: refused })
      }
      expect(Date.now() - startedAt).toBeLessThan(10_000)
      expect(listener.connections).toBe(0)
    } finally {
      await production.stop()
      hosts.remove()
    }
  }, 90_000)

  it('93. lead here in an installation of development: the name itself is not what is refused', async () => {
    const hosts = makeHosts('127.0.0.1')
    const development = await Outside.start(hosts.path, { CHATLINK_ALLOW_PRIVATE_TARGETS: '1' })
    try {
      const url = `https://${publicName}:${listener.port}/webhook`
      const { idSubscription } = await development.api.post<{ idSubscription: string }>('/v1/subscriptions', {
        url,
      })
      await development.publish(text('reaches'))
      const { lastError } = await development.untilExhausted(idSubscription)
      expect(['tlsFailed', 'connectionFailed']).toContain(lastError)
      expect(listener.connections).toBeGreaterThanOrEqual(2)
    } finally {
      await development.stop()
      hosts.remove()
    }
  }, 90_000)
})

describe.each(canHaveHosts ? ['npm start'] : [])('L. A name whose address changes, with %s', () => {
  it('96. is looked up for each attempt: a retry goes where it leads then', async () => {
    const endpoint = await RawEndpoint.start(says(ok))
    // Nothing listens at this port there.
    const hosts = makeHosts('127.0.0.2')
    const development = await Outside.start(hosts.path, {
      CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
      CHATLINK_RETRY_SCHEDULE: '1,1,1,1,1,1',
    })
    try {
      const url = endpoint.url.replace('127.0.0.1', publicName)
      const { idSubscription } = await development.api.post<{ idSubscription: string }>('/v1/subscriptions', {
        url,
        events: ['conversation'],
      })
      const path = `/v1/subscriptions/${idSubscription}/deliveries`
      await development.publish(text('moved'))
      const list = async () =>
        (await development.api.get<{ deliveries: { status: string; lastError: string }[] }>(path)).deliveries
      await waitUntil(async () => (await list())[0]?.status === 'failing', 'the first failure')
      expect(await list()).toMatchObject([{ lastError: 'connectionFailed' }])
      hosts.lead('127.0.0.1')
      await waitUntil(async () => (await list())[0]?.status === 'delivered', 'delivered')
      expect(endpoint.received).toHaveLength(1)
    } finally {
      await development.stop()
      hosts.remove()
      await endpoint.close()
    }
  }, 90_000)
})

async function expectRefusal(stage: ConformanceStage, url: string): Promise<void> {
  const one = await stage.case({ url })
  await one.publish(text('does not reach'))
  const { idEvent, ...delivery } = await one.untilStatus('exhausted')
  expect(delivery, url).toMatchObject({ lastError: refused, lastStatusCode: null, attempts: 3 })
  for (const { url: _url, ...attempt } of await one.attempts(idEvent)) {
    expect(JSON.stringify(attempt)).not.toMatch(tellsOfTheNetwork)
  }
  const test = await stage.api.post<object>(`${one.root}/test`, {})
  expect(test).toMatchObject({ delivered: false, errorClass: refused, responseExcerpt: null })
}

/** Gives the Worker the egress network that it has in production; all else stays as it is. */
async function narrowEgress(stage: ConformanceStage): Promise<void> {
  const path = join(stage.installation.dataDirectory, 'run/workerd.capnp')
  const open = readFileSync(path, 'utf8')
  const network = /\(name = "internet", network = \([^]*?\)\),/
  const narrow = writeWorkerdConfig({ ...anyOptions, allowPrivateTargets: false }).match(network)?.[0] ?? ''
  expect(narrow).toContain('allow = ["public"]')
  expect(open.match(network)?.[0]).toContain('"private"')
  writeFileSync(path, open.replace(network, narrow))
  await stage.crash()
  await stage.reconnect()
}

const anyOptions = {
  manifest: {
    compatibilityDate: '',
    compatibilityFlags: [],
    modules: [],
    objects: [],
    filesBinding: '',
    assetsBinding: '',
    variables: {},
  },
  address: '',
  modulesDirectory: '',
  assetsModule: '',
  assetsDirectory: '',
  objectsDirectory: '',
  filesDirectory: '',
  variables: [],
}

/** `localhost`, and the machine's own name where it leads to a loopback address. */
async function namesOfThisMachine(): Promise<string[]> {
  const names: string[] = []
  for (const name of new Set(['localhost', hostname().toLowerCase()])) {
    const addresses = await lookup(name, { all: true }).catch(() => [])
    if (addresses.length > 0 && addresses.every(({ address }) => /^127\.|^::1$/.test(address)))
      names.push(name)
  }
  return names
}
