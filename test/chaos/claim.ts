/**
 * A connector that takes a session nobody gave it, runs it for a while, and ends without a word: what a second connector
 * does that thinks the first is gone. Its arguments: the session's object, and for how long.
 */
import '../../connector/libsignal.ts'
import { WebSocket } from 'ws'
import { parseConfig } from '../../connector/config.ts'
import { IntakeBudget } from '../../connector/intake-budget.ts'
import { makeLog } from '../../connector/log.ts'
import { Session } from '../../connector/session.ts'
import { LINK_VERSION, type SessionRef } from '../../schema/link.ts'

const [idObject, milliseconds] = process.argv.slice(2)
const parsed = parseConfig({ ...process.env, LOG_LEVEL: 'silent' })
if (!parsed.ok) throw new Error(parsed.problem)
const { config } = parsed

const ref = await new Promise<SessionRef>((resolve, reject) => {
  const url = `${config.workerUrl.replace('http', 'ws')}/link/sessions/${idObject}`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${config.connectorToken}` } })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('closed')))
  socket.on('open', () =>
    socket.send(JSON.stringify({ type: 'hello', version: LINK_VERSION, idConnector: config.idConnector })),
  )
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as { type: string; session: SessionRef }
    if (frame.type !== 'welcome') return
    resolve(frame.session)
    socket.terminate()
  })
})
const log = makeLog(config.logLevel)
const budget = new IntakeBudget(config.maxProcessBytes)
const session = new Session({ ref, config, log, budget, onEnded: () => process.exit(0) })
setTimeout(() => process.exit(session.isEnding ? 0 : 1), Number(milliseconds))
