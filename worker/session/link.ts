import { LINK_VERSION, linkClose, LinkUpFrame, type LinkDownFrame } from '../../schema/link.ts'
import { acceptSocket, closeSocket, readFrame } from '../link-socket.ts'
import type { Change } from './change.ts'
import type { StoredCommand } from './commands.ts'
import type { CommitFrame } from './commit.ts'
import { readKeys, sliceKeys } from './keys.ts'
import { applyInput } from './lifecycle.ts'
import { receivingOf } from '../session-settings.ts'
import type { SessionRecord } from './record.ts'
import { isActive } from './state-table.ts'
import type { SessionStore } from './store.ts'

/** What a socket keeps over hibernation: set by its `hello`. */
interface Attachment {
  epoch: number
  idConnector: string
}

interface LinkHooks {
  change(apply: (change: Change, record: SessionRecord) => void): void
  /** Applies a commit that is in turn, acknowledges it, and then does what follows from it. */
  commit(frame: CommitFrame, frameCharacters: number, acknowledge: () => void): void
  /** A connector has taken or kept the session. */
  linked(): void
  failed(error: unknown): void
}

const maxSliceCharacters = 512 * 1024
const recentProofs = 2000

/**
 * The sockets of a session, by the hibernation API. One of them is the owner: the one whose epoch is the record's. An
 * acknowledgement is sent at once and leaves when the storage is durable: the object's output gate holds it until then.
 */
export class SessionLink {
  readonly #ctx: DurableObjectState
  readonly #store: SessionStore
  readonly #hooks: LinkHooks
  readonly #attachments = new WeakMap<WebSocket, Attachment>()
  readonly #asked = new WeakMap<WebSocket, string>()

  constructor(ctx: DurableObjectState, store: SessionStore, hooks: LinkHooks) {
    this.#ctx = ctx
    this.#store = store
    this.#hooks = hooks
  }

  /** Takes a new socket; it owns nothing before its `hello`. */
  accept(): Response {
    return acceptSocket(this.#ctx)
  }

  /** The owner's socket; null when no connector is linked. */
  owner(): WebSocket | null {
    const epoch = this.#store.record?.epoch
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState === WebSocket.OPEN && this.#attachment(socket)?.epoch === epoch) return socket
    }
    return null
  }

  /** Handles one frame. A bad one closes this socket and disturbs nothing else. */
  receive(socket: WebSocket, data: string | ArrayBuffer): void {
    const frame = readFrame(LinkUpFrame, data)
    if (typeof frame === 'string') return closeSocket(socket, linkClose.badFrame, frame)
    if (frame.type === 'hello') return this.#greet(socket, frame)
    const { record } = this.#store
    const attachment = this.#attachment(socket)
    if (!record || !attachment) return closeSocket(socket, linkClose.badFrame, 'say hello first')
    if (attachment.epoch !== record.epoch)
      return closeSocket(socket, linkClose.superseded, 'another owner runs the session')
    if (frame.type === 'readKeys') {
      const entries = readKeys(this.#store.sql, frame.keyType, frame.ids)
      return send(socket, { type: 'keyValues', request: frame.request, entries })
    }
    if (frame.epoch !== record.epoch)
      return closeSocket(socket, linkClose.superseded, 'the commit is of another epoch')
    const { n } = this.#store.log
    if (frame.n > n + 1) return closeSocket(socket, linkClose.gap, `expected commit ${n + 1}, got ${frame.n}`)
    const acknowledge = () => send(socket, { type: 'ack', n: frame.n })
    if (frame.n <= n) return acknowledge()
    try {
      this.#hooks.commit(frame, typeof data === 'string' ? data.length : 0, acknowledge)
    } catch (error) {
      // Nothing of it was applied: whoever sent it comes back and sends it again.
      this.#hooks.failed(error)
      closeSocket(socket, 1011, 'the commit could not be stored; send it again')
    }
  }

  /** Tells the owner what is asked of it, once a socket, and the command if there is one to tell. */
  tell(frame: Extract<LinkDownFrame, { type: 'desire' | 'command' | 'cancel' | 'receiving' }>): boolean {
    const socket = this.owner()
    if (!socket) return false
    if (frame.type === 'desire') {
      if (this.#asked.get(socket) === frame.desire) return true
      this.#asked.set(socket, frame.desire)
    }
    send(socket, frame)
    return true
  }

  tellCommand({ idCommand, command, expiresAt }: StoredCommand): void {
    this.tell({ type: 'command', idCommand, command, expiresAt })
  }

  /** Ends the links of all connectors: the session is not to run. */
  release(): void {
    for (const socket of this.#ctx.getWebSockets())
      closeSocket(socket, linkClose.released, 'the session is not to run')
  }

  /** Whether this socket is, or was until it closed, the owner's. */
  isOwner(socket: WebSocket): boolean {
    return this.#attachment(socket)?.epoch === this.#store.record?.epoch
  }

  #greet(socket: WebSocket, hello: Extract<LinkUpFrame, { type: 'hello' }>): void {
    const { record } = this.#store
    if (this.#attachment(socket)) return closeSocket(socket, linkClose.badFrame, 'hello was said already')
    if (hello.version !== LINK_VERSION) {
      return closeSocket(socket, linkClose.versionMismatch, `this side speaks version ${LINK_VERSION}`)
    }
    if (!record || record.destroyedAt !== null || !isActive(record.state)) {
      return closeSocket(socket, linkClose.released, 'the session is not to run')
    }
    const { idConnector, resumeEpoch } = hello
    if (resumeEpoch !== undefined && (resumeEpoch !== record.epoch || idConnector !== record.idConnector)) {
      return closeSocket(socket, linkClose.superseded, 'another owner has run the session since')
    }
    const others = this.#ctx.getWebSockets().filter((other) => other !== socket && this.#attachment(other))
    if (resumeEpoch === undefined) this.#takeOver(idConnector)
    for (const other of others) {
      if (resumeEpoch === undefined)
        closeSocket(other, linkClose.superseded, 'another owner runs the session now')
      else closeSocket(other, 1000, 'the same connector has come back on another socket')
    }
    const attachment = { epoch: record.epoch, idConnector }
    socket.serializeAttachment(attachment)
    this.#attachments.set(socket, attachment)
    this.#welcome(socket, record, resumeEpoch !== undefined)
    this.#hooks.linked()
  }

  #takeOver(idConnector: string): void {
    this.#hooks.change((change, record) => {
      record.epoch += 1
      record.idConnector = idConnector
      applyInput(this.#store, change, 'takenOver', { why: { reason: 'connectionLost' } })
    })
  }

  #welcome(socket: WebSocket, record: SessionRecord, resumed: boolean): void {
    const { log, held, commands, sql } = this.#store
    const files = held.fileSlices(maxSliceCharacters)
    send(socket, {
      type: 'welcome',
      version: LINK_VERSION,
      epoch: record.epoch,
      last: log.n,
      resumed,
      session: record.ref,
      receiving: receivingOf(record.settings),
      recent: [...log.recentProofs(recentProofs), ...held.proofs()],
      files: files.next().value ?? [],
    })
    for (const more of files) send(socket, { type: 'keys', entries: [], files: more, done: false })
    let slice: ReturnType<typeof readKeys> = []
    let isFirst = true
    // A connector that resumes has its keys; it is told the end of the list alone.
    for (const next of resumed ? [] : sliceKeys(sql, maxSliceCharacters)) {
      if (!isFirst) send(socket, { type: 'keys', entries: slice, done: false })
      slice = next
      isFirst = false
    }
    send(socket, { type: 'keys', entries: slice, done: true })
    if (record.desire !== 'run') this.tell({ type: 'desire', desire: record.desire })
    for (const { idCommand, command, expiresAt } of commands.told()) {
      send(socket, { type: 'command', idCommand, command, expiresAt })
    }
  }

  #attachment(socket: WebSocket): Attachment | null {
    const known = this.#attachments.get(socket)
    if (known) return known
    const kept = socket.deserializeAttachment() as Attachment | null
    if (kept) this.#attachments.set(socket, kept)
    return kept
  }
}

function send(socket: WebSocket, frame: LinkDownFrame): void {
  try {
    socket.send(JSON.stringify(frame))
  } catch {
    // The socket has just closed; whoever comes back is told again.
  }
}
