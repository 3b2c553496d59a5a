import { hostname } from 'node:os'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { IdConnector } from '../schema/id.ts'

const loopback = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/

function isLoopback(url: string): boolean {
  return URL.canParse(url) && loopback.test(new URL(url).hostname)
}

const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'give a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback)

const defaultProcessBytes = 64 * 1024 * 1024
const defaultStallSeconds = 15

const Environment = z
  .object({
    CHATLINK_URL: z
      .url({ protocol: /^https?$/, error: 'give the address of the Worker, such as http://127.0.0.1:8787' })
      .default('http://127.0.0.1:8787'),
    CHATLINK_CONNECTOR_TOKEN: z.string('is missing: give the Worker’s connector token').min(1, 'is empty'),
    CHATLINK_MASTER_KEY: z
      .string('is missing: give 32 random bytes as base64')
      .refine((text) => Buffer.from(text, 'base64').length === 32, 'give 32 random bytes as base64'),
    CHATLINK_NEW_MASTER_KEY: z.enum(['0', '1'], 'give 0 or 1').default('0'),
    CHATLINK_CONNECTOR_ID: IdConnector.optional(),
    CHATLINK_CAPACITY: whole(100, 1, 10_000),
    CHATLINK_HOLD_SECONDS: whole(10, 1, 14),
    CHATLINK_UNCOMMITTED_BYTES: whole(1024 * 1024, 65_536, 64 * 1024 * 1024),
    CHATLINK_PROCESS_BYTES: whole(defaultProcessBytes, 1024 * 1024, 16 * 1024 * 1024 * 1024),
    CHATLINK_STALL_SECONDS: whole(defaultStallSeconds, 2, 300),
    CHATLINK_WHATSAPP_URL: z
      .string()
      .refine(isLoopback, 'give a loopback address such as ws://127.0.0.1:4000/ws/chat')
      .refine((url) => !URL.canParse(url) || /^wss?:$/.test(new URL(url).protocol), 'give a ws:// address')
      .optional(),
    CHATLINK_WHATSAPP_ROOT_KEY: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'give 32 bytes as hexadecimal')
      .optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  })
  .refine((env) => env.CHATLINK_WHATSAPP_ROOT_KEY === undefined || env.CHATLINK_WHATSAPP_URL !== undefined, {
    path: ['CHATLINK_WHATSAPP_ROOT_KEY'],
    message: 'is only for a simulated WhatsApp: set CHATLINK_WHATSAPP_URL too, or remove it',
  })

export interface Config {
  idConnector: string
  /** Address of the Worker, `http:` or `https:`, without a slash at its end. */
  workerUrl: string
  connectorToken: string
  masterKey: Buffer
  /** The master key replaces another one, which is lost. */
  isMasterKeyNew: boolean
  /** How many sessions this process offers to run. */
  capacity: number
  /** How long bytes towards WhatsApp may wait for the Worker before that WhatsApp socket is closed. */
  maxHoldMs: number
  /** Above this much unacknowledged, nothing more is read from WhatsApp. */
  maxUncommittedBytes: number
  /** How much all sessions of this process together may have received and not stored before they are not read. */
  maxProcessBytes: number
  /** How long the event loop may stand still before the process is ended. */
  maxStallMs: number
  whatsApp?: { url: string; rootKey?: Buffer }
  logLevel: string
}

export type ConfigResult = { ok: true; config: Config } | { ok: false; problem: string }

/** Reads the environment once. `problem` is one line that says which variable is wrong and what it should be. */
export function parseConfig(environment: Record<string, string | undefined>): ConfigResult {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ok: false, problem: `${issue!.path.join('.')}: ${issue!.message}` }
  }
  const env = parsed.data
  const rootKey = env.CHATLINK_WHATSAPP_ROOT_KEY
  return {
    ok: true,
    config: {
      idConnector: env.CHATLINK_CONNECTOR_ID ?? makeIdConnector(),
      workerUrl: env.CHATLINK_URL.replace(/\/+$/, ''),
      connectorToken: env.CHATLINK_CONNECTOR_TOKEN,
      masterKey: Buffer.from(env.CHATLINK_MASTER_KEY, 'base64'),
      isMasterKeyNew: env.CHATLINK_NEW_MASTER_KEY === '1',
      capacity: env.CHATLINK_CAPACITY,
      maxHoldMs: env.CHATLINK_HOLD_SECONDS * 1000,
      maxUncommittedBytes: env.CHATLINK_UNCOMMITTED_BYTES,
      maxProcessBytes: env.CHATLINK_PROCESS_BYTES,
      maxStallMs: env.CHATLINK_STALL_SECONDS * 1000,
      logLevel: env.LOG_LEVEL,
      ...(env.CHATLINK_WHATSAPP_URL !== undefined && {
        whatsApp: {
          url: env.CHATLINK_WHATSAPP_URL,
          ...(rootKey !== undefined && { rootKey: Buffer.from(rootKey, 'hex') }),
        },
      }),
    },
  }
}

function makeIdConnector(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9_.-]/g, '-')
    .slice(0, 40)
  return `${host}-${process.pid}-${randomBytes(6).toString('hex')}`
}
