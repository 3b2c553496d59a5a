import { z } from 'zod'
import { SessionReason } from './event/session.ts'
import { IdConnector, IdEvent, IdFile, IdObject, IdSession, IdTenant, Jid } from './id.ts'
import { Receiving } from './api/receiving.ts'
import { LinkCommand } from './command.ts'

/**
 * The link: what a connector and the Worker say to each other, as JSON text frames.
 *
 * A session's socket carries numbered commits (n = 1, 2, 3 … within a session's life, over all connectors). The Session
 * applies a commit whole or not at all, acknowledges it when it is durable, acknowledges a repeated one without applying
 * it again, and closes the socket on a gap, on a frame that does not parse and on a commit of an older epoch. The epoch
 * grows with every new owner; a connector that comes back after a broken socket may keep its own by `resumeEpoch`.
 */
export const LINK_VERSION = 1

/** Above this a frame is refused: both sides close the socket with `badFrame`. */
export const maxFrameBytes = 8 * 1024 * 1024

/** A key's value, as base64: a row of SQLite in a Durable Object holds 2 MB. */
export const maxKeyCharacters = 1_500_000

/** Close codes of a link's WebSocket. */
export const linkClose = {
  /** The session is not to run here any more; nothing is wrong. */
  released: 4000,
  /** A frame did not parse, was too large, or came out of turn. */
  badFrame: 4400,
  /** Another connector owns the session now. Forget its keys; do not come back. */
  superseded: 4409,
  /** A commit was skipped. Come back and resume from `last`. */
  gap: 4410,
  /** Another connector of this name is there. Come back with a name of your own, or when that one is gone. */
  nameTaken: 4411,
  /** This connector's master key is not the installation's. Come back with the right one. */
  otherKey: 4412,
  /** The two sides speak different versions of this protocol. */
  versionMismatch: 4426,
  /** The session failed in this connector, which has forgotten it. It may be run anew, here or elsewhere. */
  failed: 4500,
} as const

export const SessionRef = z.strictObject({ idTenant: IdTenant, idSession: IdSession, idObject: IdObject })
export type SessionRef = z.infer<typeof SessionRef>

/** One key or credential, encrypted by the connector; base64. `value: null` deletes. `id` is `""` for the credentials. */
export const KeyChange = z.strictObject({
  type: z.string().min(1).max(64),
  id: z.string().max(512),
  value: z
    .string()
    .max(maxKeyCharacters)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64')
    .nullable(),
})
export type KeyChange = z.infer<typeof KeyChange>

export const KeyEntry = KeyChange.extend({ value: z.base64() })
export type KeyEntry = z.infer<typeof KeyEntry>

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * An event on its way into the log. `event` is an `EventDraft`, validated by itself so that one invalid event is kept
 * with its reason and its neighbours go on. `source`: where and with which key the file is to be had, encrypted by the
 * connector; an event with a source waits, and its chat behind it, until the file is stored or given up; one that is
 * `unavailable` already does not wait, its file is fetched when somebody asks for it. `proof`: hash of
 * the ciphertext, by which a redelivered stanza is known.
 */
export const EventEntry = z.strictObject({
  event: z.custom<Record<string, unknown>>(isObject, 'is not an object'),
  source: z.base64().optional(),
  proof: z.string().max(64).optional(),
})
export type EventEntry = z.infer<typeof EventEntry>

/** What a connector learnt about one person: another address, a name. */
export const ContactNews = z.strictObject({
  number: Jid.optional(),
  lid: Jid.optional(),
  name: z.string().min(1).max(1024).optional(),
  savedName: z.string().min(1).max(1024).optional(),
})
export type ContactNews = z.infer<typeof ContactNews>

/** One report tells of at most so many people. */
export const maxContactNews = 500

const why = { reason: SessionReason, reasonText: z.string() }

/** What a connector tells of its session; each becomes what API and events show. `expiresAt` in Unix milliseconds. */
export const SessionReport = z.discriminatedUnion('report', [
  z.strictObject({ report: z.literal('qr'), qr: z.string().min(1), expiresAt: z.int().positive() }),
  z.strictObject({
    report: z.literal('connected'),
    number: Jid,
    lid: Jid.optional(),
    accountName: z.string().optional(),
  }),
  /** The account's own name became known, or is another now. */
  z.strictObject({ report: z.literal('accountName'), accountName: z.string().min(1) }),
  z.strictObject({ report: z.literal('reconnecting'), ...why }),
  z.strictObject({ report: z.literal('stopped'), ...why }),
  z.strictObject({ report: z.literal('loggedOut'), ...why }),
  z.strictObject({ report: z.literal('fileUnavailable'), idFile: IdFile, fileError: z.string().min(1) }),
  z.strictObject({
    report: z.literal('command'),
    idCommand: z.string().min(1),
    outcome: z.enum(['done', 'failed']),
    errorCode: z.string().optional(),
    errorText: z.string().optional(),
    result: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ report: z.literal('contacts'), contacts: z.array(ContactNews).max(maxContactNews) }),
  z.strictObject({ report: z.literal('cancelRefused'), idCommand: z.string().min(1) }),
])
export type SessionReport = z.infer<typeof SessionReport>

/** From a connector to a `Session`. */
export const LinkUpFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.int(),
    idConnector: IdConnector,
    resumeEpoch: z.int().positive().optional(),
  }),
  z.strictObject({
    type: z.literal('commit'),
    epoch: z.int().positive(),
    n: z.int().positive(),
    keys: z.array(KeyChange).optional(),
    events: z.array(EventEntry).optional(),
    reports: z.array(SessionReport).optional(),
  }),
  z.strictObject({
    type: z.literal('readKeys'),
    request: z.int().positive(),
    keyType: z.string(),
    ids: z.array(z.string()).max(1000),
  }),
])
export type LinkUpFrame = z.infer<typeof LinkUpFrame>

/** A file that an event waits for; `source` as the connector sealed it. */
const AwaitedFile = z.strictObject({ idFile: IdFile, idEvent: IdEvent, source: z.base64() })

/** From a `Session` to its connector. `keys` (all but pre-keys) follow `welcome`; the last of them has `done`. */
export const LinkDownFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('welcome'),
    version: z.int(),
    epoch: z.int().positive(),
    last: z.int().nonnegative(),
    resumed: z.boolean(),
    session: SessionRef,
    receiving: Receiving,
    recent: z.array(z.strictObject({ idEvent: IdEvent, proof: z.string() })),
    files: z.array(AwaitedFile),
  }),
  z.strictObject({
    type: z.literal('keys'),
    entries: z.array(KeyEntry),
    /** More than the welcome had room for. */
    files: z.array(AwaitedFile).optional(),
    done: z.boolean(),
  }),
  z.strictObject({ type: z.literal('keyValues'), request: z.int().positive(), entries: z.array(KeyEntry) }),
  z.strictObject({ type: z.literal('ack'), n: z.int().nonnegative() }),
  z.strictObject({
    type: z.literal('command'),
    idCommand: z.string().min(1),
    command: LinkCommand,
    /** In Unix milliseconds: what has not been tried by then is let go without a word. */
    expiresAt: z.int().positive().optional(),
  }),
  /** Asks whether a command can be taken back: the answer is its failure as `cancelled`, or `cancelRefused`. */
  z.strictObject({ type: z.literal('cancel'), idCommand: z.string().min(1) }),
  /** The tenant has chosen anew what is taken in. */
  z.strictObject({ type: z.literal('receiving'), receiving: Receiving }),
  z.strictObject({ type: z.literal('desire'), desire: z.enum(['stop', 'logout']) }),
])
export type LinkDownFrame = z.infer<typeof LinkDownFrame>

/** From a connector to the `Fleet`. `beat` is due every `beatSeconds`; a connector silent for longer is gone. */
export const FleetUpFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.int(),
    idConnector: IdConnector,
    capacity: z.int().positive(),
    running: z.array(IdObject),
    /** Made anew by each process: two that were given the same name are told apart by it. */
    instance: z.string().min(1).max(64).optional(),
    /** Tells the master key with which this connector seals, without giving it away. */
    keyFingerprint: z.string().min(1).max(64).optional(),
    /** This key is to be the installation's from now on. */
    isKeyNew: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('beat') }),
  z.strictObject({ type: z.literal('draining') }),
])
export type FleetUpFrame = z.infer<typeof FleetUpFrame>

/** From the `Fleet` to a connector. */
export const FleetDownFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('welcome'), version: z.int(), beatSeconds: z.int().positive() }),
  z.strictObject({ type: z.literal('run'), session: SessionRef }),
  z.strictObject({ type: z.literal('release'), idObject: IdObject }),
])
export type FleetDownFrame = z.infer<typeof FleetDownFrame>
