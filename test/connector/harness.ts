import '../../connector/baileys.ts'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Config } from '../../connector/config.ts'
import { FleetClient } from '../../connector/fleet.ts'
import { IntakeBudget } from '../../connector/intake-budget.ts'
import { makeLog } from '../../connector/log.ts'
import { Session } from '../../connector/session.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { FakeWorker } from '../support/fake-worker.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { startWhatsApp, type WhatsApp } from '../whatsapp/whatsapp.ts'

/** A connector as `main.ts` makes it, in this process. */
export class TestConnector {
  readonly sessions: Session[] = []
  /** How many accounts it has linked. */
  linked = 0
  readonly fleet: FleetClient
  readonly budget: IntakeBudget

  constructor(config: Config) {
    const log = makeLog(process.env['TEST_LOG'] ?? 'silent')
    const budget = (this.budget = new IntakeBudget(config.maxProcessBytes))
    this.fleet = new FleetClient({
      config,
      log,
      startSession: (ref, onEnded) => {
        const session = new Session({
          ref,
          config,
          log,
          budget,
          onEnded,
          onLinked: () => (this.linked += 1),
        })
        this.sessions.push(session)
        return session
      },
    })
  }

  /** Hands everything back and ends. */
  stop(): Promise<void> {
    return this.fleet.drain(3000)
  }
}

export interface Stage {
  worker: FakeWorker
  whatsapp: WhatsApp
  startConnector(changes?: Partial<Config>): TestConnector
  /** A session that a phone has linked by its QR. */
  linkSession(number?: string): Promise<{ session: FakeSession; phone: Phone }>
}

/** Sets the simulated WhatsApp and the Worker's side up before each test, and takes all down after it. */
export function useStage(): Stage {
  const connectors: TestConnector[] = []
  const masterKey = randomBytes(32)
  const stage = {
    startConnector(changes: Partial<Config> = {}) {
      const connector = new TestConnector({
        idConnector: `connector-${connectors.length}`,
        workerUrl: stage.worker.url,
        connectorToken: stage.worker.token,
        masterKey,
        isMasterKeyNew: false,
        capacity: 10,
        maxHoldMs: 10_000,
        maxUncommittedBytes: 1024 * 1024,
        maxProcessBytes: 64 * 1024 * 1024,
        maxStallMs: 15_000,
        logLevel: 'silent',
        whatsApp: { url: stage.whatsapp.url, rootKey: Buffer.from(stage.whatsapp.rootKey, 'hex') },
        ...changes,
      })
      connectors.push(connector)
      return connector
    },
    async linkSession(number = '34911000001') {
      const session = stage.worker.createSession()
      const phone = stage.whatsapp.createPhone({ number, name: 'The Shop' })
      const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
      await phone.scan(qr)
      await session.wait((seen) => seen.reportsOf('connected')[0])
      return { session, phone }
    },
  } as Stage

  beforeEach(async () => {
    stage.worker = await FakeWorker.start()
    stage.whatsapp = await startWhatsApp()
  })
  afterEach(async () => {
    await Promise.all(connectors.splice(0).map((connector) => connector.stop()))
    await stage.whatsapp.close()
    await stage.worker.close()
    expect(stage.whatsapp.unknownStanzas).toEqual([])
    expect(stage.whatsapp.world.counters.reused).toEqual([])
    for (const session of stage.worker.sessions.values()) expect(session.violations).toEqual([])
  })
  return stage
}
