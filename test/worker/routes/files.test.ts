import { describe, expect, it } from 'vitest'
import { maxFileBytes } from '../../../schema/api/file.ts'
import { type ApiClient, makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { imageMessage } from '../support/event-builder.ts'
import { findObject, makeLinked } from '../support/linked-session.ts'

type Stored = { idFile: string; mimetype: string; fileSize: number; sha256: string }
const text = 'hello world'
const sha256 = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'

function upload(customer: ApiClient, headers: Record<string, string> = {}, body: BodyInit = text) {
  return customer.call<Stored>('POST', '/v1/files', {
    body,
    headers: { 'content-type': 'text/plain', ...headers },
  })
}

async function makeFile(headers: Record<string, string> = {}) {
  const customer = await makeCustomer()
  const { body } = await upload(customer, headers)
  return { customer, path: `/v1/files/${body.idFile}`, ...body }
}

describe('a file', () => {
  it('comes with the name of the request, whole, in part and without its bytes', async () => {
    const { customer, path } = await makeFile()
    for (const [method, range] of [
      ['GET', ''],
      ['GET', 'bytes=0-1'],
      ['HEAD', ''],
    ] as const) {
      const headers = { 'x-request-id': 'call-0815', ...(range && { range }) }
      const answer = await customer.call(method, path, { headers })
      expect(answer.headers.get('x-request-id')).toBe('call-0815')
    }
  })

  it('is stored and read again, byte for byte', async () => {
    const { customer, path, ...stored } = await makeFile()
    expect(stored).toMatchObject({ mimetype: 'text/plain', fileSize: 11, sha256 })
    const { status, headers, bytes } = await customer.get(path)
    expect(status).toBe(200)
    expect(new TextDecoder().decode(bytes)).toBe(text)
    expect(headers.get('content-type')).toBe('text/plain')
    expect(headers.get('content-length')).toBe('11')
    expect(headers.get('etag')).toBe(`"${sha256}"`)
  })

  it('can be asked for its size alone', async () => {
    const { customer, path } = await makeFile()
    const { status, headers, bytes } = await customer.call('HEAD', path)
    expect(status).toBe(200)
    expect(headers.get('content-length')).toBe('11')
    expect(headers.get('accept-ranges')).toBe('bytes')
    expect(bytes).toHaveLength(0)
  })

  it.each([
    ['bytes=0-4', 'hello', 'bytes 0-4/11'],
    ['bytes=6-', 'world', 'bytes 6-10/11'],
    ['bytes=-5', 'world', 'bytes 6-10/11'],
    ['bytes=6-100', 'world', 'bytes 6-10/11'],
  ])('is read in part by %s', async (range, part, contentRange) => {
    const { customer, path } = await makeFile()
    const { status, headers, bytes } = await customer.get(path, { range })
    expect(status).toBe(206)
    expect(new TextDecoder().decode(bytes)).toBe(part)
    expect(headers.get('content-range')).toBe(contentRange)
    expect(headers.get('content-length')).toBe(String(part.length))
  })

  it.each(['bytes=4-2', 'bytes=x', 'lines=1-2', 'bytes=0-1,3-4'])(
    'is read whole by a range that cannot be understood: %s',
    async (range) => {
      const { customer, path } = await makeFile()
      expect((await customer.get(path, { range })).status).toBe(200)
    },
  )

  it('is not read behind its end', async () => {
    const { customer, path } = await makeFile()
    const answer = await customer.get(path, { range: 'bytes=11-' })
    expect(answer).toMatchObject(problem(416, 'rangeNotSatisfiable'))
    expect(answer.headers.get('content-range')).toBe('bytes */11')
  })

  it('keeps its name, whatever its letters', async () => {
    const { customer, path } = await makeFile({ 'x-file-name': encodeURIComponent('año "1";\r\n.txt') })
    const { headers } = await customer.get(path)
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename*=UTF-8''a%C3%B1o%20%221%22%3B%0D%0A.txt`,
    )
  })

  it('is read also when its name had to be cut within a letter of two halves', async () => {
    const { customer, path } = await makeFile({
      'x-file-name': encodeURIComponent(`${'a'.repeat(254)}🎉.txt`),
    })
    const { status, headers } = await customer.get(path)
    expect(status).toBe(200)
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename*=UTF-8''${'a'.repeat(254)}%EF%BF%BD`,
    )
  })

  it('is never run or sniffed by a browser, whatever it claims to be', async () => {
    const { customer, path } = await makeFile({ 'content-type': 'text/html' })
    const { headers } = await customer.get(path)
    expect(headers.get('content-disposition')).toMatch(/^attachment/)
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('may be larger than a JSON body', async () => {
    const customer = await makeCustomer()
    const { status, body } = await upload(customer, {}, 'a'.repeat(2 * 1024 * 1024))
    expect({ status, body }).toMatchObject({ status: 201, body: { fileSize: 2 * 1024 * 1024 } })
  })

  it('above the limit is refused before it has come', async () => {
    const customer = await makeCustomer()
    const answer = await upload(customer, { 'content-length': String(maxFileBytes + 1) })
    expect(answer).toMatchObject(problem(413, 'fileTooLarge'))
  })

  it('above the limit is refused while it comes, when nobody said its size', async () => {
    const chunk = new Uint8Array(1024 * 1024)
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.byteLength
        if (sent > maxFileBytes + chunk.byteLength) controller.close()
        else controller.enqueue(chunk)
      },
    })
    expect(await upload(await makeCustomer(), {}, body)).toMatchObject(problem(413, 'fileTooLarge'))
  })

  it('needs a content type', async () => {
    const body = new TextEncoder().encode(text)
    const answer = await (await makeCustomer()).call('POST', '/v1/files', { body })
    expect(answer).toMatchObject(problem(415, 'unsupportedMediaType'))
  })

  it('with a name that is not encoded is refused', async () => {
    const answer = await upload(await makeCustomer(), { 'x-file-name': '100%' })
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
    expect(answer.body).toMatchObject({ errors: [{ path: 'x-file-name' }] })
  })

  it('without any bytes is refused', async () => {
    const headers = { 'content-type': 'text/plain' }
    const answer = await (await makeCustomer()).call('POST', '/v1/files', { headers })
    expect(answer).toMatchObject(problem(422, 'validationFailed'))
  })

  it('of another tenant does not exist', async () => {
    const { path } = await makeFile()
    const other = await makeCustomer()
    expect(await other.get(path)).toMatchObject(problem(404, 'fileNotFound'))
    expect((await other.call('HEAD', path)).status).toBe(404)
  })

  it.each(['file_..%2f..%2fsecret000', 'nonsense', '..%2fother'])('is not found under %s', async (id) => {
    expect(await (await makeCustomer()).get(`/v1/files/${id}`)).toMatchObject(problem(404, 'fileNotFound'))
  })
})

describe('a file that was unavailable', () => {
  const source = 'c291cmNl'

  async function lost() {
    const { customer, link } = await makeLinked()
    const image = imageMessage()
    const idFile = String(image['idFile'])
    await link.commit({ events: [{ event: image, source }] })
    await link.report({ report: 'fileUnavailable', idFile, fileError: 'gone' })
    return { customer, link, idFile, path: `/v1/files/${idFile}/retry` }
  }

  it('is fetched again by the connector when somebody asks for it', async () => {
    const { customer, link, idFile, path } = await lost()
    const asking = customer.post(path, { idSession: 'support' })
    const { idCommand, command } = await link.next('command')
    expect(command).toEqual({ kind: 'fetchFile', idFile, source })
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect(await asking).toMatchObject({
      status: 202,
      body: { idFile, fileStatus: 'fetching', lastError: 'gone' },
    })
    await link.report({ report: 'fileUnavailable', idFile, fileError: 'still gone' })
    const again = customer.post(path, { idSession: 'support' })
    await link.until(() => link.all('command').length === 2)
    await link.report({ report: 'command', idCommand: link.all('command')[1]!.idCommand, outcome: 'done' })
    expect((await again).body).toMatchObject({ lastError: 'still gone' })
  })

  it('is no more to be asked for when it has come', async () => {
    const { customer, idFile, path } = await lost()
    const { stub } = await findObject(customer, 'support')
    await stub.fileStored({ idFile, fileSize: 1, sha256 })
    expect(await customer.post(path, { idSession: 'support' })).toMatchObject(problem(404, 'fileNotFound'))
  })

  it('of the history does not keep its event back, and can be asked for', async () => {
    const { customer, link } = await makeLinked()
    const image = imageMessage({ fileStatus: 'unavailable', fileError: 'not fetched', isHistory: true })
    const idFile = String(image['idFile'])
    await link.commit({ events: [{ event: image, source }] })
    const { body } = await customer.get<{ events: unknown[] }>('/v1/sessions/support/events')
    expect(body.events.at(-1)).toMatchObject({ idFile, fileStatus: 'unavailable', fileError: 'not fetched' })
    const asking = customer.post(`/v1/files/${idFile}/retry`, { idSession: 'support' })
    const { idCommand } = await link.next('command')
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    expect(await asking).toMatchObject({ status: 202, body: { lastError: 'not fetched' } })
  })

  it('is answered at once when it is stored, and 503 while no connector runs the session', async () => {
    const { customer, link, path } = await lost()
    const { body } = await upload(customer)
    expect(await customer.post(`/v1/files/${body.idFile}/retry`, { idSession: 'support' })).toMatchObject({
      status: 200,
      body: { fileStatus: 'stored', lastError: null },
    })
    link.close()
    await link.closedWith()
    expect(await customer.post(path, { idSession: 'support' })).toMatchObject(problem(503, 'notAnswered'))
  })

  it('is being fetched already while its event waits for it', async () => {
    const { customer, link } = await makeLinked()
    const image = imageMessage()
    await link.commit({ events: [{ event: image, source }] })
    const answer = await customer.post(`/v1/files/${String(image['idFile'])}/retry`, { idSession: 'support' })
    expect(answer).toMatchObject({ status: 202, body: { fileStatus: 'fetching', lastError: null } })
    expect(link.all('command')).toEqual([])
  })

  it('needs the session, the scope and the tenant', async () => {
    const { customer, path } = await lost()
    const reader = await makeKey(customer.idTenant, ['files:read'])
    const other = await makeCustomer()
    expect(await customer.post(path, {})).toMatchObject(problem(422, 'validationFailed'))
    expect(await reader.post(path, { idSession: 'support' })).toMatchObject(problem(403, 'scopeMissing'))
    expect(await other.post(path, { idSession: 'support' })).toMatchObject(problem(404, 'sessionNotFound'))
  })
})
