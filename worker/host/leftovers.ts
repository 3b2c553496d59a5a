import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** A process of an installation, as `ps` shows it. */
export interface RunningPart {
  pid: number
  commandLine: string
}

/** Remembers which processes run, for the case that their supervisor is killed and cannot stop them. */
export function rememberParts(path: string, parts: RunningPart[]): void {
  writeFileSync(path, JSON.stringify(parts))
}

/**
 * Ends what a killed supervisor left behind and answers how many processes that were. A process counts only when its
 * command line is still the remembered one: process ids are used again. Call it with the data directory locked.
 */
export async function endLeftovers(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  const parts = readParts(path).filter((part) => commandLineOf(part.pid) === part.commandLine)
  for (const { pid } of parts) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      continue
    }
  }
  const deadline = Date.now() + 5000
  while (parts.some(({ pid }) => commandLineOf(pid) !== undefined) && Date.now() < deadline) {
    await new Promise((done) => setTimeout(done, 20))
  }
  rmSync(path, { force: true })
  return parts.length
}

/** The command line of a running process; `undefined` when there is none (or it is dead and not yet buried). */
export function commandLineOf(pid: number): string | undefined {
  try {
    return existsSync('/proc/self/cmdline') ? readProc(pid) : askPs(pid)
  } catch {
    return undefined
  }
}

/** Linux, where a small system may lack `ps`. A dead process has no command line left. */
function readProc(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim() || undefined
}

function askPs(pid: number): string | undefined {
  const [state, ...words] = execFileSync('ps', ['-ww', '-o', 'stat=,args=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trim()
    .split(/\s+/)
  return state === undefined || state.startsWith('Z') ? undefined : words.join(' ')
}

function readParts(path: string): RunningPart[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunningPart[]
  } catch {
    return []
  }
}
