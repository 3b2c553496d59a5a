import { extname } from 'node:path'
import type { BundleManifest } from './bundle.ts'

/**
 * What `allow = ["public"]` of workerd lets through though nobody's webhook can be there: addresses for tests and
 * documentation, and IPv6 forms that carry an IPv4 address inside. workerd filters after DNS, so names do not help.
 */
const deniedNetworks = [
  '0.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

export interface WorkerdOptions {
  manifest: BundleManifest
  /** `host:port` of the API. */
  address: string
  /** Paths of modules are relative to the configuration file. */
  modulesDirectory: string
  assetsModule: string
  assetsDirectory: string
  objectsDirectory: string
  filesDirectory: string
  /** Names of the variables that workerd is to take from its environment: no value is written into the file. */
  variables: string[]
  allowPrivateTargets: boolean
}

const moduleKinds: Record<string, string> = {
  '.js': 'esModule',
  '.mjs': 'esModule',
  '.wasm': 'wasm',
  '.bin': 'data',
  '.json': 'json',
}

/**
 * A larger young generation is collected less often, but each time everybody waits longer: 10 to 40 ms with what V8 takes
 * of itself under load, 1 to 2 ms with so little, which costs about 3 % of the throughput.
 */
const youngGenerationMegabytes = 2

/** workerd's configuration (Cap'n Proto text) for one's own machine: the same bundle as on Cloudflare. */
export function writeWorkerdConfig(options: WorkerdOptions): string {
  const { manifest } = options
  const modules = manifest.modules.map((name) => {
    const kind = moduleKinds[extname(name)] ?? 'text'
    return `(name = ${text(name)}, ${kind} = embed ${text(`${options.modulesDirectory}/${name}`)})`
  })
  // The unique key is the name of the objects' directory: changing it loses their data.
  const objects = manifest.objects.map(
    ({ className }) =>
      `(className = ${text(className)}, uniqueKey = ${text(`chatlink-${className}`)}, enableSql = true)`,
  )
  const bindings = [
    ...manifest.objects.map(
      ({ binding, className }) => `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`,
    ),
    `(name = ${text(manifest.filesBinding)}, service = "files")`,
    `(name = ${text(manifest.assetsBinding)}, service = "assets")`,
    ...options.variables.map((name) => `(name = ${text(name)}, fromEnvironment = ${text(name)})`),
  ]
  const internet = options.allowPrivateTargets
    ? 'allow = ["public", "private"]'
    : `allow = ["public"], deny = ${list(deniedNetworks.map(text), 4)}`
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [${text(`--max-semi-space-size=${youngGenerationMegabytes}`)}],
  services = [
    (name = "chatlink", worker = .chatlink),
    (name = "assets", worker = .assets),
    (name = "objects", disk = (path = ${text(options.objectsDirectory)}, writable = true)),
    (name = "files", disk = (path = ${text(options.filesDirectory)}, writable = true)),
    (name = "assetFiles", disk = (path = ${text(options.assetsDirectory)})),
    (name = "internet", network = (${internet}, tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = ${text(options.address)}, http = (), service = "chatlink")],
);

const chatlink :Workerd.Worker = (
  modules = ${list(modules, 2)},
  compatibilityDate = ${text(manifest.compatibilityDate)},
  compatibilityFlags = ${list(manifest.compatibilityFlags.map(text), 2)},
  durableObjectNamespaces = ${list(objects, 2)},
  durableObjectStorage = (localDisk = "objects"),
  bindings = ${list(bindings, 2)},
  globalOutbound = "internet",
);

const assets :Workerd.Worker = (
  modules = [(name = "assets.js", esModule = embed ${text(options.assetsModule)})],
  compatibilityDate = ${text(manifest.compatibilityDate)},
  bindings = [(name = "FILES", service = "assetFiles")],
);
`
}

function text(value: string): string {
  return JSON.stringify(value)
}

function list(items: string[], indent: number): string {
  const space = ' '.repeat(indent)
  return `[\n${items.map((item) => `${space}  ${item},\n`).join('')}${space}]`
}
