import type { Stage } from '../support/stage.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { waitUntil } from '../support/wait.ts'
import type { Histories } from './history.ts'
import type { Ledger } from './ledger.ts'

interface Link {
  idSession: string
  /** Who scanned a QR of it last with success, and the history that this phone shares at first. */
  owner?: { phone: Phone; piece: ReturnType<Histories['make']> }
  isLinked?: boolean
}

const mostSessions = 10
const everyMs = 8000
const healedMs = 60_000
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** People who link sessions while things break: they scan whatever QR is shown, until the session is linked. */
export class Linking {
  readonly #stage: Stage
  readonly #histories: Histories
  readonly #links: Link[] = []
  #scans = 0

  constructor(stage: Stage, histories: Histories) {
    this.#stage = stage
    this.#histories = histories
  }

  /** How many sessions were to be linked, and how many QRs were scanned for that. */
  get counts(): { sessions: number; scans: number } {
    return { sessions: this.#links.length, scans: this.#scans }
  }

  /** Begins with one session after another, until told to stop. */
  async run(until: number): Promise<void> {
    for (let count = 0; count < mostSessions && Date.now() < until; count++) {
      const link: Link = { idSession: `linking-${count}` }
      this.#links.push(link)
      await this.#begin(link, until)
      await this.#follow(link, until)
      await pause(Math.min(everyMs, Math.max(0, until - Date.now())))
    }
  }

  /** Now that all works again: what is not linked yet must let itself be linked, and each must take messages. */
  async judge(ledger: Ledger): Promise<string[]> {
    const wrong: string[] = []
    for (const link of this.#links) {
      const { idSession } = link
      const until = Date.now() + healedMs
      await this.#begin(link, until)
      if (!(await this.#follow(link, until))) {
        wrong.push(`${idSession} cannot be linked: ${JSON.stringify(await this.#view(idSession))}`)
        continue
      }
      const contact = this.#stage.whatsapp.createContact({
        number: `3480${String(wrong.length).padStart(3, '0')}${idSession.replace(/\D/g, '').padStart(4, '0')}`,
        name: 'Somebody new',
      })
      const { id } = await contact.send(link.owner!.phone, { text: 'Linked?' })
      await waitUntil(idSession, () => ledger.hasArrived(idSession, id), 20_000).catch(() =>
        wrong.push(`${idSession} is linked, but tells no message`),
      )
    }
    return wrong
  }

  async #begin({ idSession }: Link, until: number): Promise<void> {
    while (Date.now() < until) {
      const { api } = this.#stage
      const body = { idSession, history: true }
      const answer = await api.request('POST', '/v1/sessions', body).catch(() => undefined)
      // 409: it was made, and the answer got lost.
      if (answer && (answer.status < 300 || answer.status === 409)) return
      await pause(300)
    }
  }

  /** Scans what is shown until the session is linked; false when time is over. */
  async #follow(link: Link, until: number): Promise<boolean> {
    let scanned = ''
    while (Date.now() < until) {
      const view = await this.#view(link.idSession)
      if (view?.state === 'connected' && link.owner?.phone.isConnected === true) return this.#linked(link)
      if (view?.state === 'stopped' || view?.state === 'loggedOut') await this.#start(link.idSession)
      const qr = view?.state === 'qr' ? await this.#qr(link.idSession) : undefined
      if (qr !== undefined && qr !== scanned) {
        scanned = qr
        await this.#scan(link, qr)
      }
      await pause(200)
    }
    return false
  }

  #linked(link: Link): true {
    const { phone, piece } = link.owner!
    if (!link.isLinked) this.#histories.expect(link.idSession, phone, piece)
    link.isLinked = true
    return true
  }

  async #scan(link: Link, qr: string): Promise<void> {
    const number = `34930${String(++this.#scans).padStart(6, '0')}`
    const phone = this.#stage.whatsapp.createPhone({ number, name: link.idSession })
    const piece = this.#histories.make()
    phone.history = [piece.chunk]
    // Where the client does not confirm in time, nobody's phone is linked.
    const isDone = phone.scan(qr).then(
      () => true,
      () => false,
    )
    if (await Promise.race([isDone, pause(10_000)])) link.owner = { phone, piece }
  }

  async #view(idSession: string): Promise<{ state: string } | undefined> {
    const { api } = this.#stage
    return api.get<{ state: string }>(`/v1/sessions/${idSession}`).catch(() => undefined)
  }

  async #qr(idSession: string): Promise<string | undefined> {
    const { api } = this.#stage
    const answer = await api.get<{ qr: string }>(`/v1/sessions/${idSession}/qr`).catch(() => undefined)
    return answer?.qr
  }

  async #start(idSession: string): Promise<void> {
    await this.#stage.api.post(`/v1/sessions/${idSession}/start`).catch(() => undefined)
  }
}
