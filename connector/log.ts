import { destination, pino, type Logger, type LoggerOptions } from 'pino'

export type Log = Logger

/** JSON lines on stdout. Nothing secret is ever given to it; objects of Baileys and libsignal are not given either. */
export function makeLog(level: string): Log {
  return pino(optionsOf(level))
}

/** The same for a process that ends in a moment: each line is written before the call returns. */
export function makeLastLog(level: string): Log {
  return pino(optionsOf(level), destination({ dest: 1, sync: true }))
}

function optionsOf(level: string): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
}

interface QuietLog {
  level: string
  child(): QuietLog
  trace(): void
  debug(): void
  info(): void
  warn(context: unknown, text?: string): void
  error(context: unknown, text?: string): void
}

/**
 * What Baileys logs to. Its context objects hold whole stanzas, keys and messages: only its text and the message of an
 * error pass, from `warn` upwards.
 */
export function makeQuietLog(log: Log): QuietLog {
  const tell = (level: 'warn' | 'debug') => (context: unknown, text?: string) => {
    const error =
      (context as { err?: Error; error?: Error } | null)?.err ?? (context as { error?: Error })?.error
    log[level]({ baileys: text ?? String(context), error: error?.message }, 'baileys')
  }
  const nothing = () => {}
  const quiet: QuietLog = {
    level: 'warn',
    child: () => quiet,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: tell('debug'),
    error: tell('warn'),
  }
  return quiet
}
