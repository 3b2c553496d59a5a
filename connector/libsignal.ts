import { createRequire, registerHooks } from 'node:module'
import './secret-keys.ts'
import { isSignedBy, sign } from './signature.ts'

/**
 * Remedies for libsignal, the library under Baileys. Importing this file installs them; what was loaded before it keeps
 * its faults, so it must be imported before Baileys.
 *
 * - It prints sessions with their private keys in normal operation: its modules get a console that says nothing.
 * - Its signatures are slow, and Baileys takes a thrown error, never `false`, for a bad one: `verifySignature` throws, and
 *   the signed pre-key of a new contact, which it does not check at all, is checked.
 * - While it looks for the session that fits a message, it changes each session that it tries: with two sessions (both
 *   sides wrote first) the failed tries destroy them. It gets copies, and the one that fits is kept.
 * - It queues work by contact for the whole process, so one session that waits would stop every other that has the same
 *   contact. The queue is taken out: `repository.ts` has one for each session.
 */

interface SessionEntry {
  pendingPreKey?: unknown
  indexInfo: { used: number }
  serialize(): unknown
}
interface SessionEntryClass {
  deserialize(data: unknown): SessionEntry
}
interface SessionCipherClass {
  prototype: {
    decryptWithSessions(
      data: Buffer,
      sessions: SessionEntry[],
    ): Promise<{ session: SessionEntry; plaintext: Buffer }>
    doDecryptWhisperMessage(data: Buffer, session: SessionEntry): Promise<Buffer>
  }
}
interface Curve {
  calculateSignature(privateKey: Buffer, message: Buffer): Buffer
  verifySignature(publicKey: Buffer, message: Buffer, signature: Buffer): boolean
}

const silentConsole =
  'const console = Object.fromEntries(["log","info","warn","error","debug","trace"].map((name) => [name, () => {}]));'

const directQueue = 'module.exports = async (bucket, work) => work();'

function loadMended(load: () => void): void {
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.includes('/libsignal/src/') || loaded.source === undefined || loaded.source === null)
        return loaded
      if (url.endsWith('/queue_job.js')) return { ...loaded, source: directQueue }
      const source =
        typeof loaded.source === 'string'
          ? loaded.source
          : Buffer.from(loaded.source as Uint8Array).toString()
      return { ...loaded, source: silentConsole + source }
    },
  })
  try {
    load()
  } finally {
    hooks.deregister()
  }
}

function replaceContent(target: object, source: object): void {
  for (const name of Object.keys(target)) if (!(name in source)) Reflect.deleteProperty(target, name)
  Object.assign(target, source)
}

function decryptOnCopies(errors: { SessionError: new (text: string) => Error }) {
  return async function decryptWithSessions(
    this: SessionCipherClass['prototype'],
    data: Buffer,
    sessions: SessionEntry[],
  ) {
    if (sessions.length === 0) throw new errors.SessionError('No sessions available')
    let counterError: unknown
    for (const session of sessions) {
      const copy =
        sessions.length === 1
          ? session
          : (session.constructor as unknown as SessionEntryClass).deserialize(session.serialize())
      try {
        const plaintext = await this.doDecryptWhisperMessage(data, copy)
        copy.indexInfo.used = Date.now()
        if (copy !== session) replaceContent(session, copy)
        return { session, plaintext }
      } catch (error) {
        if ((error as Error).name === 'MessageCounterError') counterError = error
      }
    }
    throw counterError ?? new errors.SessionError('No matching sessions found for message')
  }
}

function installRemedies(): void {
  const fromBaileys = createRequire(createRequire(import.meta.url).resolve('baileys'))
  loadMended(() => fromBaileys('libsignal'))

  const curve = fromBaileys('libsignal/src/curve.js') as Curve
  curve.calculateSignature = (privateKey, message) => sign(privateKey, message)
  curve.verifySignature = (publicKey, message, signature) => {
    if (!isSignedBy(publicKey, message, signature)) throw new Error('Invalid signature')
    return true
  }

  const cipher = fromBaileys('libsignal/src/session_cipher.js') as SessionCipherClass
  const errors = fromBaileys('libsignal/src/errors.js') as { SessionError: new (text: string) => Error }
  cipher.prototype.decryptWithSessions = decryptOnCopies(errors)
}

installRemedies()
