import type { WebSocket } from 'ws'
import type { LinkCommand } from '../../schema/command.ts'
import {
  LINK_VERSION,
  linkClose,
  LinkDownFrame,
  LinkUpFrame,
  type EventEntry,
  type SessionRef,
  type SessionReport,
} from '../../schema/link.ts'
import { defaultReceiving, type Receiving } from '../../schema/api/receiving.ts'
import { EventDraft } from '../../schema/event/event.ts'

type Commit = Extract<LinkUpFrame, { type: 'commit' }>

/** What a test may do to a session's commits. */
export interface Faults {
  /** How long a frame of the connector is under way; what is said to it arrives at once. */
  delayMs: number
  /** Neither applies nor answers. */
  isFrozen: boolean
  /** Cuts the socket before or after the next commit is applied. */
  cutNext: 'before' | 'after' | undefined
  /** Freezes once so many more commits are applied and acknowledged, the last one only if `isLastAcknowledged`. */
  commitsLeft?: number
  isLastAcknowledged?: boolean
  /** Refuses such commits, as ones that do not parse. */
  refuses?: (commit: Commit) => boolean
  /** Closes whatever connects with 1011 at its first frame, as an object does that throws. */
  isFailing?: boolean
}

/**
 * A `Session` object in memory that keeps the link's promises: commits are applied whole, in turn, once, under the newest
 * epoch; everything is validated by the schema of the link.
 */
export class FakeSession {
  readonly ref: SessionRef
  receiving: Receiving = { ...defaultReceiving }
  readonly faults: Faults = { delayMs: 0, isFrozen: false, cutNext: undefined }
  readonly keys = new Map<string, string>()
  readonly events: (EventDraft & Record<string, unknown>)[] = []
  readonly entries: EventEntry[] = []
  readonly reports: SessionReport[] = []
  readonly files = new Map<string, Buffer>()
  readonly duplicates: string[] = []
  readonly commands: { idCommand: string; command: LinkCommand }[] = []
  readonly violations: string[] = []
  /** Ids of the keys that the connector has read one request at a time, in turn. */
  readonly reads: string[][] = []
  /** Called each time that a frame meets an object that throws. */
  onFailure = () => {}
  commits = 0
  last = 0
  epoch = 0
  #owner: WebSocket | undefined
  #idEvents = new Set<string>()
  #frozenFrames: (() => void)[] = []
  #watchers = new Set<() => void>()

  constructor(ref: SessionRef) {
    this.ref = ref
  }

  attach(socket: WebSocket): void {
    let epoch: number | undefined
    const handle = (text: string) => {
      if (this.faults.isFailing === true) {
        this.onFailure()
        return socket.close(1011, 'it throws')
      }
      const parsed = LinkUpFrame.safeParse(JSON.parse(text))
      if (!parsed.success) {
        this.violations.push(JSON.stringify(parsed.error.issues.slice(0, 3)))
        return socket.close(linkClose.badFrame, 'bad frame')
      }
      const frame = parsed.data
      if (frame.type === 'hello') {
        epoch = this.#greet(socket, frame.resumeEpoch)
        return undefined
      }
      if (epoch !== this.epoch) return socket.close(linkClose.superseded, 'superseded')
      if (frame.type === 'readKeys') return this.#readKeys(socket, frame)
      return this.#commit(socket, frame)
    }
    socket.on('message', (data) => {
      const text = (data as Buffer).toString()
      if (this.faults.isFrozen)
        this.#frozenFrames.push(() => socket.readyState === socket.OPEN && handle(text))
      else this.#later(() => handle(text))
    })
  }

  /** Lets a frozen session go on with what came meanwhile. */
  thaw(): void {
    this.faults.isFrozen = false
    for (const frame of this.#frozenFrames.splice(0)) frame()
  }

  /** Cuts the link, as a network does. */
  cut(): void {
    this.#owner?.terminate()
  }

  close(code: number): void {
    this.#owner?.close(code, 'told by the test')
  }

  /** Another connector takes the session: what the old one still says is refused. */
  supersede(): void {
    this.epoch += 1
    this.#owner?.close(linkClose.superseded, 'superseded')
  }

  command(idCommand: string, command: LinkCommand): void {
    this.commands.push({ idCommand, command })
    this.#tell({ type: 'command', idCommand, command })
  }

  /** The tenant chooses anew what is taken in. */
  settle(receiving: Receiving): void {
    this.receiving = receiving
    this.#tell({ type: 'receiving', receiving })
  }

  desire(desire: 'stop' | 'logout'): void {
    this.#tell({ type: 'desire', desire })
  }

  reportsOf<Kind extends SessionReport['report']>(kind: Kind): Extract<SessionReport, { report: Kind }>[] {
    return this.reports.filter(
      (report): report is Extract<SessionReport, { report: Kind }> => report.report === kind,
    )
  }

  /** Resolves as soon as `find` finds something, looking after each commit. */
  wait<Found>(find: (session: this) => Found | undefined | false, timeoutMs = 10_000): Promise<Found> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(check)
        const seen = { reports: this.reports, events: this.events.map((event) => event.messageType) }
        reject(new Error(`not seen within ${timeoutMs} ms; there was ${JSON.stringify(seen).slice(0, 2000)}`))
      }, timeoutMs)
      const check = () => {
        const found = find(this)
        if (found === undefined || found === false) return
        clearTimeout(timer)
        this.#watchers.delete(check)
        resolve(found)
      }
      this.#watchers.add(check)
      check()
    })
  }

  storeFile(idFile: string, bytes: Buffer): void {
    this.files.set(idFile, bytes)
    this.#announce()
  }

  #greet(socket: WebSocket, resumeEpoch: number | undefined): number | undefined {
    if (resumeEpoch !== undefined && resumeEpoch !== this.epoch) {
      socket.close(linkClose.superseded, 'superseded')
      return undefined
    }
    const before = this.#owner
    this.#owner = socket
    if (resumeEpoch === undefined) {
      this.epoch += 1
      if (before !== undefined) before.close(linkClose.superseded, 'superseded')
    }
    const awaited = this.entries.flatMap(({ event, source }) => {
      const idFile = String(event['idFile'])
      const isWanted = source !== undefined && !this.files.has(idFile)
      return isWanted ? [{ idFile, idEvent: String(event['idEvent']), source }] : []
    })
    this.#tell({
      type: 'welcome',
      version: LINK_VERSION,
      epoch: this.epoch,
      last: this.last,
      resumed: resumeEpoch !== undefined,
      session: this.ref,
      receiving: this.receiving,
      recent: this.entries.map(({ event, proof }) => ({
        idEvent: String(event['idEvent']),
        proof: proof ?? '',
      })),
      files: awaited.slice(0, 1),
    })
    for (const file of awaited.slice(1)) this.#tell({ type: 'keys', entries: [], files: [file], done: false })
    const entries = [...this.keys].flatMap(([name, value]) => {
      const [type, id] = name.split('\0') as [string, string]
      return type === 'pre-key' ? [] : [{ type, id, value }]
    })
    this.#tell({ type: 'keys', entries: resumeEpoch === undefined ? entries : [], done: true })
    for (const { idCommand, command } of this.commands) {
      const isDone = this.reportsOf('command').some((report) => report.idCommand === idCommand)
      if (!isDone) this.#tell({ type: 'command', idCommand, command })
    }
    return this.epoch
  }

  #readKeys(socket: WebSocket, { request, keyType, ids }: Extract<LinkUpFrame, { type: 'readKeys' }>): void {
    this.reads.push(ids)
    const entries = ids.flatMap((id) => {
      const value = this.keys.get(`${keyType}\0${id}`)
      return value === undefined ? [] : [{ type: keyType, id, value }]
    })
    this.#later(() => socket.send(JSON.stringify({ type: 'keyValues', request, entries })))
  }

  #commit(socket: WebSocket, commit: Commit): void {
    if (commit.epoch !== this.epoch) return socket.close(linkClose.superseded, 'superseded')
    if (this.faults.refuses?.(commit) === true) return socket.close(linkClose.badFrame, 'refused by the test')
    if (commit.n > this.last + 1) return socket.close(linkClose.gap, 'gap')
    if (this.faults.cutNext === 'before') {
      this.faults.cutNext = undefined
      return socket.terminate()
    }
    if (commit.n === this.last + 1) this.#apply(commit)
    if (this.faults.cutNext === 'after') {
      this.faults.cutNext = undefined
      return socket.terminate()
    }
    const { commitsLeft, isLastAcknowledged = true } = this.faults
    if (commitsLeft !== undefined) this.faults.commitsLeft = commitsLeft - 1
    if (commitsLeft === 1) Object.assign(this.faults, { commitsLeft: undefined, isFrozen: true })
    if (commitsLeft !== 1 || isLastAcknowledged) socket.send(JSON.stringify({ type: 'ack', n: commit.n }))
    return undefined
  }

  #apply({ n, keys = [], events = [], reports = [] }: Commit): void {
    this.last = n
    this.commits += 1
    for (const { type, id, value } of keys) {
      if (value === null) this.keys.delete(`${type}\0${id}`)
      else this.keys.set(`${type}\0${id}`, value)
    }
    for (const entry of events) this.#takeEvent(entry)
    this.reports.push(...reports)
    if (reports.some(({ report }) => report === 'loggedOut')) this.keys.clear()
    this.#announce()
  }

  #takeEvent(entry: EventEntry): void {
    const { event, source } = entry
    const parsed = EventDraft.safeParse(source === undefined ? event : { ...event, fileStatus: 'stored' })
    if (!parsed.success) {
      this.violations.push(
        `${String(event['messageType'])}: ${JSON.stringify(parsed.error.issues.slice(0, 3))}`,
      )
      return
    }
    if (this.#idEvents.has(parsed.data.idEvent)) {
      this.duplicates.push(parsed.data.idEvent)
      return
    }
    this.#idEvents.add(parsed.data.idEvent)
    this.entries.push(entry)
    this.events.push(parsed.data)
  }

  #announce(): void {
    for (const watcher of this.#watchers) watcher()
  }

  #tell(frame: LinkDownFrame): void {
    this.#owner?.send(JSON.stringify(LinkDownFrame.parse(frame)))
  }

  /** Timers of the same delay fire in the order in which they were set, so frames keep their order. */
  #later(act: () => void): void {
    if (this.faults.delayMs === 0) act()
    else setTimeout(act, this.faults.delayMs)
  }
}
