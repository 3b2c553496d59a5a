import { join, relative } from 'node:path'
import { parseHostConfig } from './config.ts'
import { firstKeyFile } from './first-key.ts'
import { startInstallation, type Installation } from './installation.ts'
import { secretFiles } from './secrets.ts'
import { StartProblem } from './start-problem.ts'
import { colour, printLine } from './terminal.ts'

/** `npm start`: an installation on this machine, until Ctrl-C. */
async function main(): Promise<void> {
  const parsed = parseHostConfig(process.env, process.cwd())
  if (!parsed.ok) throw new StartProblem(parsed.problem)
  console.log('ChatLink starts …')
  let installation: Installation | undefined
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(130)
    stopping = true
    console.log('\nChatLink stops …')
    void (installation?.stop() ?? Promise.resolve()).finally(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  installation = await startInstallation(parsed.config, printLine)
  if (stopping) {
    await installation.stop()
    return
  }
  introduce(installation)
}

function introduce({ url, dataDirectory, firstKey }: Installation): void {
  const pathOf = (name: string) => relative(process.cwd(), join(dataDirectory, name)) || name
  const line = (name: string, value: string) => console.log(`  ${colour.dim(name.padEnd(13))} ${value}`)
  console.log(`\n${colour.bold('ChatLink runs.')} Ctrl-C stops it.\n`)
  line('Console', colour.cyan(`${url}/`))
  line('API reference', colour.cyan(`${url}/docs`))
  line('Admin token', `in ${pathOf(secretFiles.adminToken)}`)
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
