import { join, relative } from 'node:path'
import { readOptions } from './command-line.ts'
import { parseHostConfig, type HostConfig } from './config.ts'
import { firstKeyFile } from './first-key.ts'
import { startInstallation, type Installation } from './installation.ts'
import { secretFiles } from './secrets.ts'
import { StartProblem } from './start-problem.ts'
import { stopOnSignals } from './stop-signals.ts'
import { colour, printLine } from './terminal.ts'

/** `npm start`: an installation on this machine, until Ctrl-C. */
async function main(): Promise<void> {
  readOptions({})
  const parsed = parseHostConfig(process.env, process.cwd())
  if (!parsed.ok) throw new StartProblem(parsed.problem)
  console.log('ChatLink starts …')
  const abort = new AbortController()
  const starting = startInstallation(parsed.config, (label, line) => printLine(label, line), abort.signal)
  stopOnSignals(async () => {
    abort.abort()
    const installation = await starting.catch(() => undefined)
    await installation?.stop()
  })
  const installation = await starting.catch((error: unknown) => {
    if (!abort.signal.aborted) throw error
  })
  if (installation && !abort.signal.aborted) introduce(installation, parsed.config)
}

function introduce({ url, dataDirectory, firstKey }: Installation, { given }: HostConfig): void {
  const pathOf = (name: string) => relative(process.cwd(), join(dataDirectory, name)) || name
  const line = (name: string, value: string) => console.log(`  ${colour.dim(name.padEnd(13))} ${value}`)
  console.log(`\n${colour.bold('ChatLink runs.')} Ctrl-C stops it.\n`)
  line('API', colour.cyan(url))
  line('API reference', colour.cyan(`${url}/docs`))
  line('Admin token', given.adminToken ? 'from CHATLINK_ADMIN_TOKEN' : `in ${pathOf(secretFiles.adminToken)}`)
  line(
    'API key',
    firstKey.isNew ? `${firstKey.key} (kept in ${pathOf(firstKeyFile)})` : `in ${pathOf(firstKeyFile)}`,
  )
  console.log('')
}

try {
  await main()
} catch (error) {
  if (error instanceof StartProblem) console.error(colour.red(error.message))
  else console.error(error)
  process.exit(1)
}
