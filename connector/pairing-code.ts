import type { CommandReport } from './outbox.ts'
import type { BinaryNode, WASocket } from './baileys.ts'
import { getBinaryNodeChild } from './baileys.ts'
import { failedReport, readRefusal, type Refusal, type Refusals } from './question-refusal.ts'

/** Nobody waits for the answer any longer than this. */
const wishLifeMs = 10_000
const answerMs = 5000
/** As long as the connection shows QRs, one of 60 s and five of 20 s, it takes the code too. */
const codeLifeMs = 160_000

/** What is still to be asked for, as soon as WhatsApp shows a QR: only then it takes the question. */
export class CodeWish {
  readonly idCommand: string
  readonly phoneNumber: string
  #madeAt = Date.now()

  constructor(idCommand: string, phoneNumber: string) {
    this.idCommand = idCommand
    this.phoneNumber = phoneNumber
  }

  get isOver(): boolean {
    return Date.now() - this.#madeAt > wishLifeMs
  }
}

const numberRefused: Refusal = {
  errorCode: 'numberRefused',
  errorText:
    'WhatsApp does not link this number by a code. Check the number and its country code, or link by the QR.',
}
const refusals: Refusals = { 400: numberRefused, 403: numberRefused, 404: numberRefused, 406: numberRefused }

type Asked = Pick<WASocket, 'requestPairingCode' | 'ws'>

/** Asks WhatsApp to link by a code. Baileys makes the code itself and does not look at WhatsApp's answer. Never rejects. */
export async function requestCode(
  socket: Asked,
  { idCommand, phoneNumber }: CodeWish,
): Promise<CommandReport> {
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
