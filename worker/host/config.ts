import { resolve } from 'node:path'
import { z } from 'zod'
import { Token, Config as WorkerConfig } from '../config.ts'

const loopback = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/

function isLoopbackSocket(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return /^wss?:$/.test(url.protocol) && loopback.test(url.hostname)
}

/** What the host itself reads, and what it checks early for its connector; the rest is the Worker's own. */
const Environment = z
  .object({
    PORT: z
      .string()
      .regex(/^\d{1,5}$/, 'give a port number, such as 8787')
      .transform(Number)
      .pipe(z.number().max(65_535, 'give a port number up to 65535'))
      .default(8787),
    CHATLINK_HOST: z
      .union([z.ipv4(), z.ipv6(), z.literal('localhost')], 'give an IP address, such as 0.0.0.0')
      .default('127.0.0.1'),
    CHATLINK_CONNECTORS: z
      .string()
      .regex(/^\d{1,2}$/, 'give how many connectors to run here, 0 to 99')
      .transform(Number)
      .default(1),
    CHATLINK_URL: z
      .url({ protocol: /^https?$/, error: 'give an address such as http://127.0.0.1:8787' })
      .optional(),
    CHATLINK_DATA: z.string().default('.chatlink'),
    CHATLINK_ADMIN_TOKEN: Token.optional(),
    CHATLINK_CONNECTOR_TOKEN: Token.optional(),
    CHATLINK_MASTER_KEY: z
      .base64('give 32 random bytes as base64')
      .refine((text) => Buffer.from(text, 'base64').length === 32, 'give 32 random bytes as base64')
      .optional(),
    CHATLINK_WHATSAPP_URL: z
      .string()
      .refine(isLoopbackSocket, 'give a loopback address such as ws://127.0.0.1:4000/ws/chat')
      .optional(),
    CHATLINK_WHATSAPP_ROOT_KEY: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'give 32 bytes as hexadecimal')
      .optional(),
    ...WorkerConfig.omit({ CHATLINK_ADMIN_TOKEN: true, CHATLINK_CONNECTOR_TOKEN: true }).shape,
  })
  .refine((env) => env.CHATLINK_WHATSAPP_ROOT_KEY === undefined || env.CHATLINK_WHATSAPP_URL !== undefined, {
    path: ['CHATLINK_WHATSAPP_ROOT_KEY'],
    error: 'is only for a simulated WhatsApp: set CHATLINK_WHATSAPP_URL too, or remove it',
  })

export type Variables = Record<string, string | undefined>

export interface HostConfig {
  /** 0 chooses a free port. */
  port: number
  /** The address that the API listens on. */
  host: string
  dataDirectory: string
  /** How many connectors run beside the Worker; 0 when they run elsewhere. */
  connectors: number
  /** Where they find the Worker, when not at its own address. */
  connectorUrl?: string
  given: { adminToken?: string; connectorToken?: string; masterKey?: string }
  allowPrivateTargets: boolean
  /** What the Worker is to see as its own variables, as text and only where it was given; no secrets. */
  workerVariables: Record<string, string>
  /** What the connector is to see, the same way. */
  connectorVariables: Record<string, string>
}

export type HostConfigResult = { ok: true; config: HostConfig } | { ok: false; problem: string }

const forWorker = [
  'CHATLINK_RETRY_SCHEDULE',
  'CHATLINK_RETENTION_DAYS',
  'CHATLINK_ALLOW_PRIVATE_TARGETS',
  'CHATLINK_PUBLIC_URL',
  'LOG_LEVEL',
]
const hostOnly = new Set([
  'PORT',
  'CHATLINK_HOST',
  'CHATLINK_CONNECTORS',
  'CHATLINK_DATA',
  'CHATLINK_URL',
  'CHATLINK_ADMIN_TOKEN',
  ...forWorker.filter((name) => name !== 'LOG_LEVEL'),
])

/** Reads the environment once. `problem` is one line: which variable is wrong and what it should be, never its value. */
export function parseHostConfig(environment: Variables, workingDirectory: string): HostConfigResult {
  const given = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => !!entry[1]),
  )
  const parsed = Environment.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { ok: false, problem: `${issue!.path[0]?.toString()}: ${issue!.message}` }
  }
  const env = parsed.data
  return {
    ok: true,
    config: {
      port: env.PORT,
      host: env.CHATLINK_HOST,
      dataDirectory: resolve(workingDirectory, env.CHATLINK_DATA),
      connectors: env.CHATLINK_CONNECTORS,
      ...(env.CHATLINK_URL && { connectorUrl: env.CHATLINK_URL }),
      given: {
        ...(env.CHATLINK_ADMIN_TOKEN && { adminToken: env.CHATLINK_ADMIN_TOKEN }),
        ...(env.CHATLINK_CONNECTOR_TOKEN && { connectorToken: env.CHATLINK_CONNECTOR_TOKEN }),
        ...(env.CHATLINK_MASTER_KEY && { masterKey: env.CHATLINK_MASTER_KEY }),
      },
      allowPrivateTargets: env.CHATLINK_ALLOW_PRIVATE_TARGETS,
      workerVariables: pick(given, (name) => forWorker.includes(name)),
      connectorVariables: pick(given, (name) => !hostOnly.has(name)),
    },
  }
}

function pick(variables: Record<string, string>, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => wanted(name)))
}
