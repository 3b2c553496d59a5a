import '../whatsapp/quiet.ts'
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { maxFileBytes } from '../../schema/api/file.ts'
import { linkSession } from '../support/linked-session.ts'
import { MemoryWatch } from '../support/memory-watch.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'

const mebibyte = 1024 * 1024
const maxGrowthMiB = 16

let stage: Stage
let phone: Phone
let ana: Contact

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe()
  phone = await linkSession(stage, 'large')
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
})

afterAll(async () => {
  await stage?.close()
})

/** Smaller ones first, so that what any file needs is there already. */
async function expectNoGrowth(move: (content: Buffer) => Promise<void>): Promise<void> {
  for (let count = 0; count < 4; count += 1) await move(randomBytes(8 * mebibyte))
  const { worker, connector } = stage.installation.pids()
  const content = randomBytes(maxFileBytes)
  const memory = new MemoryWatch({ worker: worker!, connector: connector! })
  await move(content)
  const growth = memory.stop()
  expect(growth.connector).toBeLessThan(maxGrowthMiB)
  expect(growth.worker).toBeLessThan(maxGrowthMiB)
}

it('receives the largest file without holding it', async () => {
  await expectNoGrowth(async (content) => {
    const sent = await ana.send(phone, { video: content })
    const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === sent.id, 'the video', 60_000)
    const sha256 = createHash('sha256').update(content).digest('hex')
    expect(event).toMatchObject({ fileStatus: 'stored', fileSize: content.byteLength, sha256 })
  })
}, 120_000)

it('sends the largest file without holding it', async () => {
  await expectNoGrowth(async (content) => {
    const { idFile } = await stage.api.upload('/v1/files', content, 'video/mp4')
    const { idMessage } = await stage.api.post<{ idMessage: string }>('/v1/sessions/large/messages?wait=0', {
      to: ana.pnJid,
      messageType: 'videoMessage',
      idFile,
    })
    const { message } = await ana.waitForMessage(({ id }) => id === idMessage, 60_000)
    const { directPath, mediaKey } = message.videoMessage!
    const bytes = await stage.whatsapp.mediaHost.open(directPath!, mediaKey!, 'video')
    expect(bytes.equals(content)).toBe(true)
  })
}, 120_000)
