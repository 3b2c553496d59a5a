import { describe, expect, it } from 'vitest'
import { makeCustomer, problem, type ApiClient } from '../support/api-client.ts'
import { conversation, imageMessage } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

const path = '/v1/sessions/support/messages?wait=0'
const to = '34600333444@s.whatsapp.net'
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Luis\nTEL;waid=34600333444:+34 600 333 444\nEND:VCARD'

const forward = (customer: ApiClient, event: Record<string, unknown>, more: object = {}) =>
  customer.post(path, { to, messageType: 'forwardedMessage', idEvent: event['idEvent'], ...more })

/** An event of another type than a text, made of one. */
function eventOf(messageType: string, fields: object): Record<string, unknown> {
  const { value: _value, ...common } = conversation()
  return { ...common, messageType, ...fields }
}

async function upload(customer: ApiClient): Promise<string> {
  const options = { body: new Uint8Array([1, 2, 3]), headers: { 'content-type': 'image/jpeg' } }
  return (await customer.call<{ idFile: string }>('POST', '/v1/files', options)).body.idFile
}

describe('a forward', () => {
  it.each([
    ['a text', conversation({ value: 'Hello' }), { messageType: 'conversation', value: 'Hello' }],
    [
      'contacts',
      eventOf('contactMessage', {
        contacts: [
          { displayName: 'Luis', vcard, numbers: ['34600333444'] },
          { displayName: '', vcard, numbers: [] },
        ],
      }),
      {
        messageType: 'contactMessage',
        contacts: [
          { displayName: 'Luis', vcard },
          { displayName: 'Contact', vcard },
        ],
      },
    ],
    [
      'a place',
      eventOf('locationMessage', { latitude: 40.4, longitude: -3.7, name: 'Sol', isLive: true }),
      { messageType: 'locationMessage', latitude: 40.4, longitude: -3.7, name: 'Sol' },
    ],
  ])('sends %s again, marked as forwarded', async (_what, event, expected) => {
    const { customer, link } = await makeLinked()
    await link.deliver(event)
    const sent = await forward(customer, event, { expiresAfterSeconds: 60 })
    expect(sent).toMatchObject({ status: 202, body: { messageType: expected.messageType, to } })
    const { command } = await link.next('command')
    expect(command).toMatchObject({
      message: { ...expected, to, isForwarded: true, expiresAfterSeconds: 60 },
    })
  })

  it.each([
    ['imageMessage', { caption: 'This one', width: 2, height: 3 }],
    ['videoMessage', { caption: '', seconds: 3, isAnimated: true }],
    ['audioMessage', { caption: '', seconds: 3, isVoiceNote: true }],
    ['stickerMessage', { caption: '', isAnimated: false }],
    ['documentMessage', { caption: '', fileName: 'order.pdf' }],
  ])('sends the stored file of an %s', async (messageType, { caption, ...fields }) => {
    const { customer, link } = await makeLinked()
    const idFile = await upload(customer)
    const event = imageMessage({ messageType, idFile, caption, ...fields })
    await link.deliver(event)
    expect(await forward(customer, event)).toMatchObject({ status: 202 })
    const { command } = await link.next('command')
    expect(command).toMatchObject({
      message: {
        messageType,
        to,
        idFile,
        mimetype: 'image/jpeg',
        isForwarded: true,
        ...fields,
        ...(caption && { caption }),
      },
    })
  })

  it('is sent once under the same Idempotency-Key', async () => {
    const { customer, link } = await makeLinked()
    const [event, other] = [conversation(), conversation({ value: 'Another' })]
    await link.deliver(event, other)
    const send = ({ idEvent }: Record<string, unknown>) =>
      customer.call<{ idMessage: string }>('POST', path, {
        json: { to, messageType: 'forwardedMessage', idEvent },
        headers: { 'idempotency-key': 'a' },
      })
    const [first, again] = [await send(event), await send(event)]
    expect(again.body.idMessage).toBe(first.body.idMessage)
    expect(await send(other)).toMatchObject(problem(422, 'idempotencyConflict'))
  })

  it('of what is not in the session’s log is 404, whoever has it', async () => {
    const { customer, link } = await makeLinked()
    const event = conversation()
    await link.deliver(event)
    const { customer: other, link: othersLink } = await makeLinked()
    expect(await forward(other, event)).toMatchObject(problem(404, 'eventNotFound'))
    const unknown = { idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd' }
    expect(await forward(customer, unknown)).toMatchObject(problem(404, 'eventNotFound'))
    expect(othersLink.all('command')).toEqual([])
  })

  it.each([
    ['a reaction', eventOf('reactionMessage', { value: '👍', targetMessage: { idMessage: 'A' } })],
    ['what may be viewed once', imageMessage({ isViewOnce: true })],
    ['a file that was never stored', imageMessage({ fileStatus: 'unavailable', fileError: 'It was gone.' })],
    ['a text that is too long to be sent', conversation({ value: 'a'.repeat(65_537) })],
    [
      'a card that is none',
      eventOf('contactMessage', { contacts: [{ displayName: 'a', vcard: 'b', numbers: [] }] }),
    ],
  ])('of %s is refused with the reason', async (_what, event) => {
    const { customer, link } = await makeLinked()
    await link.deliver(event)
    const refused = await forward(customer, event)
    expect(refused).toMatchObject(problem(422, 'notForwardable'))
    expect(refused.body).toMatchObject({ errors: [{ path: 'idEvent' }] })
    expect(link.all('command')).toEqual([])
  })

  it('of a file that is kept no more is refused', async () => {
    const { customer, link } = await makeLinked()
    const others = await upload(await makeCustomer())
    const event = imageMessage({ idFile: others })
    await link.deliver(event)
    const refused = await forward(customer, event)
    expect(refused).toMatchObject(problem(422, 'validationFailed'))
    expect(refused.body).toMatchObject({ errors: [{ path: 'idEvent' }] })
  })

  it.each([{ isForwarded: true }, { value: 'Hello' }, { idEvent: 'A' }])(
    'takes no more fields: %j',
    async (more) => {
      const { customer } = await makeLinked()
      expect(await forward(customer, conversation(), more)).toMatchObject(problem(422, 'validationFailed'))
    },
  )
})
