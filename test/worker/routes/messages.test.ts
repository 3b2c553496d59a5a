import { describe, expect, it } from 'vitest'
import { maxPreviewPictureBytes } from '../../../schema/outgoing-field.ts'
import { makeCustomer, makeKey, problem } from '../support/api-client.ts'
import { Endpoint } from '../support/endpoint.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

const message = { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Hello' }
const path = '/v1/sessions/support/messages'

describe('a message', () => {
  it('is answered 200 when WhatsApp has it in time', async () => {
    const { customer, link } = await makeLinked()
    const answering = customer.post<{ idMessage: string }>(`${path}?wait=5`, message)
    const { idCommand, command } = await link.next('command')
    await link.report({ report: 'command', idCommand, outcome: 'done' })
    const { status, body } = await answering
    expect(command).toMatchObject({ kind: 'sendMessage', message })
    expect({ status, body }).toMatchObject({ status: 200, body: { idMessage: idCommand, status: 'sent' } })
    expect((await customer.get(`${path}/${body.idMessage}`)).body).toEqual(body)
  })

  it.each(['34600111222', '+34 600-111-222', '0034600111222'])('goes to a number such as %s', async (to) => {
    const { customer, link } = await makeLinked()
    const { body } = await customer.post(`${path}?wait=0`, { ...message, to })
    expect(body).toMatchObject({ to: message.to })
    expect((await link.next('command')).command).toMatchObject({ message })
  })

  it('to a number that is not on WhatsApp is refused, and nothing queued', async () => {
    const { customer, link } = await makeLinked()
    link.jidOf = () => null
    expect(await customer.post(path, message)).toMatchObject(problem(422, 'notOnWhatsApp'))
    expect((await customer.get(path)).body).toMatchObject({ messages: [] })
  })

  it('is answered 202 when WhatsApp does not have it yet', async () => {
    const { customer } = await makeLinked()
    const { status, body } = await customer.post(`${path}?wait=0`, message)
    expect({ status, body }).toMatchObject({ status: 202, body: { status: 'queued', finishedAt: null } })
  })

  it('that WhatsApp refuses says why', async () => {
    const { customer, link } = await makeLinked()
    const answering = customer.post(path, message)
    const { idCommand } = await link.next('command')
    const outcome = { outcome: 'failed', errorCode: 'notOnWhatsApp', errorText: 'Nobody there.' } as const
    await link.report({ report: 'command', idCommand, ...outcome })
    expect(await answering).toMatchObject({
      status: 200,
      body: { status: 'failed', errorCode: 'notOnWhatsApp', errorText: 'Nobody there.' },
    })
  })

  it('shows the furthest that it has got, in whatever order that is told', async () => {
    const { customer, link } = await makeLinked()
    const { body } = await customer.post<{ idMessage: string }>(`${path}?wait=0`, message)
    const { idMessage } = body
    const tell = (status: string) =>
      link.deliver({
        idSession: 'support',
        messageType: 'messageStatus',
        idEvent: `evt_aaaaaaaaaaaaaaaaaa_${status}`,
        senderNumber: message.to,
        messageTimestamp: 1767225600,
        idMessage,
        status,
      })
    const statusNow = async () => (await customer.get(`${path}/${idMessage}`)).body['status']
    await link.report({ report: 'command', idCommand: idMessage, outcome: 'done' })
    expect(await statusNow()).toBe('sent')
    await tell('read')
    expect(await statusNow()).toBe('read')
    await tell('delivered')
    expect(await statusNow()).toBe('read')
    await tell('played')
    expect(await statusNow()).toBe('played')
  })

  it('is sent once under the same Idempotency-Key', async () => {
    const { customer, link } = await makeLinked()
    const send = (value: string) =>
      customer.call<{ idMessage: string }>('POST', `${path}?wait=0`, {
        json: { ...message, value },
        headers: { 'idempotency-key': 'order-4711' },
      })
    const [first, again] = [await send('Hello'), await send('Hello')]
    expect(again.body.idMessage).toBe(first.body.idMessage)
    expect(await send('Another')).toMatchObject(problem(422, 'idempotencyConflict'))
    expect(link.all('command')).toHaveLength(1)
  })

  it.each([
    { ...message, to: 'Ana' },
    { ...message, to: '0600 111 222' },
    { ...message, value: '' },
    { ...message, value: 'a'.repeat(65_537) },
    { ...message, messageType: 'nonsense' },
    { ...message, colour: 'red' },
    { to: message.to, messageType: 'conversation' },
  ])('is refused: %#', async (json) => {
    const { customer, link } = await makeLinked()
    expect(await customer.post(path, json)).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })

  it.each(['wait=-1', 'wait=31', 'wait=soon', 'wait=1&wait=2'])('is refused with %s', async (query) => {
    const { customer } = await makeLinked()
    expect(await customer.post(`${path}?${query}`, message)).toMatchObject(problem(422, 'validationFailed'))
  })

  it('with a file is handed on when the tenant has the file, and refused before it is queued when not', async () => {
    const { customer, link } = await makeLinked()
    const upload = (by: typeof customer) =>
      by.call<{ idFile: string }>('POST', '/v1/files', {
        body: new Uint8Array([1, 2, 3]),
        headers: { 'content-type': 'image/jpeg' },
      })
    const image = (idFile: string) => ({ to: message.to, messageType: 'imageMessage', idFile })
    const { idFile } = (await upload(customer)).body
    expect(await customer.post(`${path}?wait=0`, image(idFile))).toMatchObject({ status: 202 })
    expect((await link.next('command')).command).toMatchObject({ message: { idFile } })
    const others = (await upload(await makeCustomer())).body.idFile
    for (const unknown of [others, 'file_aaaaaaaaaaaaaaaaaaaaaa']) {
      const refused = await customer.post(`${path}?wait=0`, image(unknown))
      expect(refused).toMatchObject(problem(422, 'validationFailed'))
      expect(refused.body).toMatchObject({ errors: [{ path: 'idFile' }] })
    }
    expect(link.all('command')).toHaveLength(1)
  })

  it('with the URL of a file is queued when the file is stored', async () => {
    const { customer, link } = await makeLinked()
    const endpoint = new Endpoint()
    await endpoint.script({ headers: { 'content-type': 'image/jpeg' }, body: 'the picture' })
    const image = { to: message.to, messageType: 'imageMessage', url: endpoint.url, caption: 'This one' }
    expect(await customer.post(`${path}?wait=0`, image)).toMatchObject({ status: 202 })
    const { command } = await link.next('command')
    const { url: _url, ...rest } = image
    const { message: told } = command as { message: { idFile: string } }
    expect(told).toEqual({ ...rest, idFile: expect.stringMatching(/^file_/) })
    const file = await customer.get(`/v1/files/${told.idFile}`)
    expect(new TextDecoder().decode(file.bytes)).toBe('the picture')
  })

  it('with a URL under the same Idempotency-Key is sent once, and its file fetched once', async () => {
    const { customer, link } = await makeLinked()
    const [endpoint, elsewhere] = [new Endpoint(), new Endpoint()]
    for (const each of [endpoint, elsewhere])
      await each.script({ headers: { 'content-type': 'image/jpeg' }, body: 'the picture' })
    const send = (url: string, key: string) =>
      customer.call<{ idMessage: string }>('POST', `${path}?wait=0`, {
        json: { to: message.to, messageType: 'imageMessage', url },
        headers: { 'idempotency-key': key },
      })
    const [first, again] = [await send(endpoint.url, 'a'), await send(endpoint.url, 'a')]
    expect(again.body.idMessage).toBe(first.body.idMessage)
    expect(await endpoint.received()).toHaveLength(1)
    expect(await send(elsewhere.url, 'a')).toMatchObject(problem(422, 'idempotencyConflict'))
    const other = await send(endpoint.url, 'b')
    expect(other.body.idMessage).not.toBe(first.body.idMessage)
    expect(link.all('command')).toHaveLength(2)
  })

  it('with a URL is refused, and nothing queued, when the file cannot be had or may not be asked for', async () => {
    const { customer, link } = await makeLinked()
    const endpoint = new Endpoint()
    await endpoint.script({ status: 404 })
    const send = (fields: object) =>
      customer.post(path, { to: message.to, messageType: 'imageMessage', ...fields })
    const missing = await send({ url: endpoint.url })
    expect(missing).toMatchObject(problem(422, 'fileNotFetched'))
    expect(missing.body).toMatchObject({ errors: [{ path: 'url' }] })
    const metadata = await send({ url: 'http://169.254.169.254/latest/meta-data' })
    expect(metadata).toMatchObject(problem(422, 'targetRefused'))
    const both = await send({ url: endpoint.url, idFile: 'file_aaaaaaaaaaaaaaaaaaaaaa' })
    expect(both).toMatchObject(problem(422, 'validationFailed'))
    expect(link.all('command')).toEqual([])
  })

  it('with a preview asks for a small JPEG, if it has a picture at all', async () => {
    const { customer, link } = await makeLinked()
    const upload = async (bytes: number, type: string) => {
      const headers = { 'content-type': type }
      const options = { body: new Uint8Array(bytes), headers }
      return (await customer.call<{ idFile: string }>('POST', '/v1/files', options)).body.idFile
    }
    const url = 'https://shop.example'
    const send = (idFile?: string) =>
      customer.post(`${path}?wait=0`, {
        ...message,
        value: `See ${url}`,
        linkPreview: { url, title: 'Summer', ...(idFile && { idFile }) },
      })
    expect(await send()).toMatchObject({ status: 202 })
    expect(await send(await upload(maxPreviewPictureBytes, 'image/jpeg'))).toMatchObject({ status: 202 })
    for (const idFile of [
      await upload(maxPreviewPictureBytes + 1, 'image/jpeg'),
      await upload(100, 'image/png'),
      'file_aaaaaaaaaaaaaaaaaaaaaa',
    ]) {
      const refused = await send(idFile)
      expect(refused).toMatchObject(problem(422, 'validationFailed'))
      expect(refused.body).toMatchObject({ errors: [{ path: 'linkPreview.idFile' }] })
    }
    expect(link.all('command')).toHaveLength(2)
  })

  it('is refused by a session that is not connected', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support', start: false })
    expect(await customer.post(path, message)).toMatchObject(problem(409, 'sessionNotConnected'))
  })

  it('of another tenant does not exist', async () => {
    const { customer } = await makeLinked()
    const sent = await customer.post<{ idMessage: string }>(`${path}?wait=0`, message)
    const { customer: other } = await makeLinked()
    expect(await other.get(`${path}/${sent.body.idMessage}`)).toMatchObject(problem(404, 'messageNotFound'))
  })

  it('waits for the link and is told to the next connector when that is connected', async () => {
    const { customer, link } = await makeLinked()
    link.close()
    const { body } = await customer.post<{ idMessage: string }>(`${path}?wait=0`, message)
    const next = await linkTo(customer, 'support')
    await next.report({ report: 'connected', number: '34911222333@s.whatsapp.net' })
    expect((await next.next('command')).idCommand).toBe(body.idMessage)
  })
})

describe('the messages that wait', () => {
  type Page = { messages: { idMessage: string; status: string }[]; cursor: string | null }

  it('are listed page by page in their order, without those that have gone', async () => {
    const { customer, link } = await makeLinked()
    const ids: string[] = []
    for (const value of ['1', '2', '3', '4']) {
      const { body } = await customer.post<{ idMessage: string }>(`${path}?wait=0`, { ...message, value })
      ids.push(body.idMessage)
    }
    await link.report({ report: 'command', idCommand: ids[1]!, outcome: 'done' })
    const first = (await customer.get<Page>(`${path}?status=queued&limit=2`)).body
    const second = (await customer.get<Page>(`${path}?status=queued&limit=2&cursor=${first.cursor}`)).body
    const shown = [...first.messages, ...second.messages].map(({ idMessage }) => idMessage)
    expect(shown).toEqual([ids[0], ids[2], ids[3]])
    expect(second.cursor).toBeNull()
    expect(await customer.get(`${path}?status=sent`)).toMatchObject(problem(422, 'validationFailed'))
  })

  it('can be taken back, once', async () => {
    const { customer, link } = await makeLinked()
    link.close()
    await link.closedWith()
    const { body } = await customer.post<{ idMessage: string }>(`${path}?wait=0`, message)
    expect(await customer.delete(`${path}/${body.idMessage}`)).toMatchObject({ status: 204 })
    expect(await customer.delete(`${path}/${body.idMessage}`)).toMatchObject(problem(409, 'messageGone'))
    expect(await customer.delete(`${path}/3EB0NONE`)).toMatchObject(problem(404, 'messageNotFound'))
    const { customer: other } = await makeLinked()
    expect(await other.delete(`${path}/${body.idMessage}`)).toMatchObject(problem(404, 'messageNotFound'))
  })

  it('ask for the scopes of messages', async () => {
    const { customer } = await makeLinked()
    const { body } = await customer.post<{ idMessage: string }>(`${path}?wait=0`, message)
    const reader = await makeKey(customer.idTenant, ['messages:read'])
    expect((await reader.get(path)).status).toBe(200)
    expect(await reader.delete(`${path}/${body.idMessage}`)).toMatchObject(problem(403, 'scopeMissing'))
  })
})
