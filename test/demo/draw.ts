import QRCode from 'qrcode'
import { colour, hasColours } from '../../worker/host/terminal.ts'
import type { ReceivedWebhook } from '../support/receiver.ts'

/** A QR code, dark on light on a terminal that has colours. */
export function drawQr(text: string): Promise<string> {
  const size = { errorCorrectionLevel: 'L', margin: 2 } as const
  return hasColours
    ? QRCode.toString(text, { ...size, type: 'terminal', small: true })
    : QRCode.toString(text, { ...size, type: 'utf8' })
}

/** A webhook for people: its type and its signature in a line, its fields below. How a message fares is a line. */
export function drawWebhook({ event, signatureProblem }: ReceivedWebhook): string {
  const signature = signatureProblem
    ? colour.red(`✗ signature: ${signatureProblem}`)
    : colour.green('✓ signature holds')
  const { messageType, ...fields } = event
  if (messageType === 'messageStatus')
    return `${colour.bold(`⇠ ${messageType}`)}  ${signature}  ${colour.bold(String(event['status']))}  ${drawValue(event['idMessage'])}`
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined)
  const width = Math.max(...names.map((name) => name.length))
  const lines = names.map((name) => `  ${colour.dim(name.padEnd(width))}  ${drawValue(fields[name])}`)
  return [`${colour.bold(`⇠ ${messageType}`)}  ${signature}`, ...lines].join('\n')
}

function drawValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = text.replaceAll('\n', '⏎')
  return line.length > 90 ? `${line.slice(0, 89)}…` : line
}
