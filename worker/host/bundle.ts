import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { StartProblem } from './start-problem.ts'

/** The Worker as `wrangler deploy` would upload it, with what `wrangler.toml` says of it. */
export interface Bundle {
  directory: string
  manifest: BundleManifest
}

export interface BundleManifest {
  compatibilityDate: string
  compatibilityFlags: string[]
  /** Modules in `modules/`, the entry first. */
  modules: string[]
  objects: { binding: string; className: string }[]
  filesBinding: string
  assetsBinding: string
  variables: Record<string, string>
}

const sources = ['worker', 'schema', 'openapi', 'wrangler.toml', 'package-lock.json', 'tsconfig.workers.json']

/** Made by the build itself, from what package-lock.json names. */
const generated = new Set(['worker/assets/scalar.js'])

/** Bundles the Worker by wrangler, without network; takes the last bundle when no source has changed since. */
export async function buildBundle(projectDirectory: string): Promise<Bundle> {
  const cache = join(projectDirectory, 'node_modules/.cache/chatlink')
  const directory = join(cache, `bundle-${hashSources(projectDirectory)}`)
  const manifestPath = join(directory, 'manifest.json')
  if (!existsSync(manifestPath)) {
    mkdirSync(cache, { recursive: true })
    const work = mkdtempSync(join(cache, 'building-'))
    try {
      const manifest = await runWrangler(projectDirectory, work)
      writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest, undefined, 2))
      forgetOthers(cache, work)
      publish(work, directory)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  return { directory, manifest: JSON.parse(readFileSync(manifestPath, 'utf8')) as BundleManifest }
}

/** Another start may have built the same meanwhile: then its bundle stays. */
function publish(work: string, directory: string): void {
  try {
    renameSync(work, directory)
  } catch (error) {
    if (!existsSync(join(directory, 'manifest.json'))) throw error
  }
}

async function runWrangler(projectDirectory: string, work: string): Promise<BundleManifest> {
  const modulesDirectory = join(work, 'modules')
  const wranglerBin = join(
    dirname(createRequire(import.meta.url).resolve('wrangler/package.json')),
    'bin/wrangler.js',
  )
  const child = spawn(process.execPath, [wranglerBin, 'deploy', '--dry-run', '--outdir', modulesDirectory], {
    cwd: projectDirectory,
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_LOG_PATH: join(work, 'wrangler.log'),
      CI: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const code = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail))
  if (code !== 0) throw new StartProblem(`The Worker could not be bundled:\n${output}`)
  const { unstable_readConfig } = await import('wrangler')
  const config = unstable_readConfig(
    { config: join(projectDirectory, 'wrangler.toml') },
    { hideWarnings: true },
  )
  if (config.assets?.directory) {
    cpSync(join(projectDirectory, config.assets.directory), join(work, 'assets'), { recursive: true })
  } else {
    mkdirSync(join(work, 'assets'))
  }
  const entry = 'index.js'
  const others = listFiles(modulesDirectory)
    .map((path) => relative(modulesDirectory, path))
    .filter((name) => name !== entry && !/\.map$|README\.md$/.test(name))
  return {
    compatibilityDate: config.compatibility_date ?? '',
    compatibilityFlags: config.compatibility_flags,
    modules: [entry, ...others],
    objects: config.durable_objects.bindings.map(
      ({ name, class_name }: { name: string; class_name: string }) => ({
        binding: name,
        className: class_name,
      }),
    ),
    filesBinding: config.r2_buckets[0]?.binding ?? 'FILES',
    assetsBinding: config.assets?.binding ?? 'ASSETS',
    variables: Object.fromEntries(Object.entries(config.vars).map(([name, value]) => [name, String(value)])),
  }
}

function hashSources(projectDirectory: string): string {
  const hash = createHash('sha256')
  for (const source of sources) {
    const path = join(projectDirectory, source)
    if (!existsSync(path)) continue
    for (const file of listFiles(path)) {
      const name = relative(projectDirectory, file)
      if (name.startsWith('worker/host/') || generated.has(name)) continue
      hash.update(name).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex').slice(0, 16)
}

function listFiles(path: string): string[] {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Old bundles are of no use once there is a newer one. */
function forgetOthers(cache: string, keep: string): void {
  for (const name of readdirSync(cache)) {
    if (name.startsWith('bundle-') && join(cache, name) !== keep) {
      rmSync(join(cache, name), { recursive: true, force: true })
    }
  }
}
