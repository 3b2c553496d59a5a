import type { CommandReport } from './outbox.ts'
import type { BinaryNode, WASocket } from './baileys.ts'
import { getBinaryNodeChild } from './baileys.ts'
import { failedReport, readRefusal, type Refusal, type Refusals } from './question-refusal.ts'

/** Nobody waits for the answer any longer than this. */
const wishLifeMs = 10_000
const answerMs = 5000
/** As long as the connection shows QRs, one of 60 s and five of 20 s, it takes the code too. */
const codeLifeMs = 160_000

interface CodeWish {
  idCommand: string
  phoneNumber: string
  madeAt: number
}

const numberRefused: Refusal = {
  errorCode: 'numberRefused',
  errorText:
    'WhatsApp does not link this number by a code. Check the number and its country code, or link by the QR.',
}
const refusals: Refusals = { 400: numberRefused, 403: numberRefused, 404: numberRefused, 406: numberRefused }

const alreadyLinked: Refusal = {
  errorCode: 'alreadyLinked',
  errorText: 'The session is linked. Log it out first to link another number.',
}

type Asked = Pick<WASocket, 'requestPairingCode' | 'ws'>

/** The code that somebody waits for: to be asked for as soon as WhatsApp shows a QR, for only then it takes the question. */
export class PairingCodes {
  #report: (report: CommandReport) => void
  #wish: CodeWish | undefined

  constructor(report: (report: CommandReport) => void) {
    this.#report = report
  }

  /** Takes a wish in; false when it is refused. */
  take(idCommand: string, phoneNumber: string, isLinked: boolean): boolean {
    if (isLinked) this.#report(failedReport(idCommand, alreadyLinked))
    else this.#wish = { idCommand, phoneNumber, madeAt: Date.now() }
    return !isLinked
  }

  /** This connection takes the question. */
  askBy(socket: Asked): void {
    const wish = this.#wish
    this.#wish = undefined
    if (wish === undefined || Date.now() - wish.madeAt > wishLifeMs) return
    void requestCode(socket, wish).then(this.#report)
  }
}

/** Asks WhatsApp to link by a code. Baileys makes the code itself and does not look at WhatsApp's answer. Never rejects. */
async function requestCode(socket: Asked, { idCommand, phoneNumber }: CodeWish): Promise<CommandReport> {
  const answered = new Promise<BinaryNode | undefined>((resolve) => {
    socket.ws.once('CB:iq,,link_code_companion_reg', resolve)
    socket.ws.once('CB:iq,type:error', resolve)
    setTimeout(() => resolve(undefined), answerMs).unref()
  })
  try {
    const expiresAt = Date.now() + codeLifeMs
    const pairingCode = await socket.requestPairingCode(phoneNumber)
    const answer = await answered
    if (answer?.attrs['type'] === 'result')
      return { report: 'command', idCommand, outcome: 'done', result: { pairingCode, expiresAt } }
    const code = answer && Number(getBinaryNodeChild(answer, 'error')?.attrs['code'])
    return failedReport(idCommand, readRefusal(code, refusals))
  } catch {
    return failedReport(idCommand, readRefusal(undefined))
  }
}
