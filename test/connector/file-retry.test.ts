import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { beforeEach, expect, it } from 'vitest'
import type { FakeSession } from '../support/fake-session.ts'
import { samples } from '../whatsapp/samples.ts'
import { useStage } from './harness.ts'

const stage = useStage()

beforeEach(() => {
  stage.startConnector()
  setDefaultCACertificates([...getCACertificates('default'), stage.whatsapp.caCertificate])
})

/** A picture that WhatsApp has no more when it comes; the connector has given it up. */
async function lost() {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const { mediaHost } = stage.whatsapp
  const media = await mediaHost.store(samples.jpeg, 'image')
  mediaHost.failures.set(media.directPath, 404)
  const sent = await ana.send(phone, { raw: { imageMessage: { ...media, mimetype: 'image/jpeg' } } })
  const { idFile } = await session.wait((seen) => seen.reportsOf('fileUnavailable')[0])
  const { source } = session.entries.find(({ event }) => event['idFile'] === idFile)!
  return { session, phone, sent, media, idFile, source: source! }
}

let asked = 0

function retry(session: FakeSession, file: { idFile: string; source: string }) {
  session.command(`ask-${++asked}`, { kind: 'fetchFile', ...file })
}

// One test: a process trusts one media host.
it('asks the phone for a file again that it had given up, and fetches it once the phone uploads it', async () => {
  const { session, phone, sent, media, idFile, source } = await lost()
  const isRefusal = ({ fileError }: { fileError: string }) => fileError.includes('phone did not send it')
  retry(session, { idFile, source })
  const refusals = await session.wait((seen) => {
    const found = seen.reportsOf('fileUnavailable').filter(isRefusal)
    return found.length === 2 && found
  })
  expect(refusals.map((report) => report.idFile)).toEqual([idFile, idFile])
  phone.keptFiles.set(sent.id, media)
  retry(session, { idFile, source })
  const stored = await session.wait((seen) => seen.files.get(idFile))
  expect(stored.equals(samples.jpeg)).toBe(true)
  expect(session.reportsOf('command').map(({ outcome }) => outcome)).toEqual(['done', 'done'])
})
