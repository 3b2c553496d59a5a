import { Session, type Debugger } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import { SessionRef } from '../schema/link.ts'
import { sessionHere } from './watchdog.ts'

/** A thread inside native code cannot be halted: then it is not found out where it stands. */
const haltMs = 2000
const maxFrames = 8

export interface StallSite {
  /** On whose behalf it stands still; undefined when it is nobody's, or not known. */
  ref?: SessionRef | undefined
  /** Where, the innermost function first. */
  stack: string[]
}

/** Halts the main thread, for ever, and finds out what it is doing. Undefined when it cannot be halted. */
export function findStallSite(): Promise<StallSite | undefined> {
  const session = new Session()
  session.connectToMainThread()
  const files = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), haltMs)
    session.on('Debugger.paused', ({ params: { callFrames } }) => {
      const stack = callFrames.slice(0, maxFrames).map((frame) => describe(frame, files))
      const expression = `globalThis[Symbol.for('${sessionHere}')]()`
      const { callFrameId } = callFrames[0]!
      session.post(
        'Debugger.evaluateOnCallFrame',
        { callFrameId, expression, returnByValue: true },
        (_error, answer) => resolve({ ref: SessionRef.safeParse(answer?.result?.value).data, stack }),
      )
    })
    session.post('Debugger.enable')
    session.post('Debugger.pause')
  })
}

function describe({ functionName, location }: Debugger.CallFrame, files: Map<string, string>): string {
  const url = files.get(location.scriptId) ?? ''
  const file = url.startsWith('file:') ? fileURLToPath(url) : url
  return `${functionName || 'anonymous'} (${file}:${location.lineNumber + 1})`
}
