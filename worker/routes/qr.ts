import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { toBuffer, toString } from 'qrcode/lib/server.js'
import { isoTime } from '../iso-time.ts'

const forms = ['application/json', 'image/png', 'image/svg+xml']

/** Answers a QR as the caller would have it: its text, or a picture. It is never to be cached: each lives seconds. */
export async function answerQr(context: Context, qr: string, expiresAt: number) {
  context.header('cache-control', 'no-store')
  switch (accepts(context, { header: 'Accept', supports: forms, default: 'application/json' })) {
    case 'image/png':
      return context.body(await drawPng(qr), 200, { 'content-type': 'image/png' })
    case 'image/svg+xml':
      return context.body(await toString(qr, { type: 'svg' }), 200, {
        'content-type': 'image/svg+xml',
      })
    default:
      return context.json({ qr, expiresAt: isoTime(expiresAt) }, 200)
  }
}

async function drawPng(qr: string): Promise<ArrayBuffer> {
  const buffer = await toBuffer(qr, { type: 'png', scale: 8 })
  return new Uint8Array(buffer).buffer
}
