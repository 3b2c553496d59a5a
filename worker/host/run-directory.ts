import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from './bundle.ts'
import type { HostConfig } from './config.ts'
import { writeWorkerdConfig } from './workerd-config.ts'

/** Lays out in `run` what workerd runs; answers its variables that are no secrets. */
export function layOutRun(
  bundle: Bundle,
  config: HostConfig,
  run: string,
  port: number,
): Record<string, string> {
  const variables = { ...bundle.manifest.variables, ...config.workerVariables }
  rmSync(run, { recursive: true, force: true })
  const objectsDirectory = join(config.dataDirectory, 'objects')
  const filesDirectory = join(config.dataDirectory, 'files')
  for (const path of [run, objectsDirectory, filesDirectory])
    mkdirSync(path, { recursive: true, mode: 0o700 })
  cpSync(join(bundle.directory, 'modules'), join(run, 'modules'), { recursive: true })
  cpSync(join(bundle.directory, 'assets'), join(run, 'assets'), { recursive: true })
  cpSync(new URL('assets.js', import.meta.url), join(run, 'assets-worker.js'))
  const workerdConfig = writeWorkerdConfig({
    manifest: bundle.manifest,
    address: config.host.includes(':') ? `[${config.host}]:${port}` : `${config.host}:${port}`,
    modulesDirectory: 'modules',
    assetsModule: 'assets-worker.js',
    assetsDirectory: join(run, 'assets'),
    objectsDirectory,
    filesDirectory,
    variables: [...Object.keys(variables), 'CHATLINK_ADMIN_TOKEN', 'CHATLINK_CONNECTOR_TOKEN'],
    allowPrivateTargets: config.allowPrivateTargets,
  })
  writeFileSync(join(run, 'workerd.capnp'), workerdConfig)
  return variables
}
