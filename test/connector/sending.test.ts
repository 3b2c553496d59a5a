import { expect, it } from 'vitest'
import type { LinkCommand } from '../../schema/command.ts'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { samples } from '../whatsapp/samples.ts'
import { useStage } from './harness.ts'

const stage = useStage()

const idFile = 'file_Zk7wE4tQ9sNf2uHb6jXyRc'

function trustMediaHost(): void {
  setDefaultCACertificates([...getCACertificates('default'), stage.whatsapp.caCertificate])
}

const text = (to: string, idMessage: string, value: string): LinkCommand => ({
  kind: 'sendMessage',
  idMessage,
  message: { to, messageType: 'conversation', value },
})

async function setUp() {
  const connector = stage.startConnector()
  const linked = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  return { connector, ana, ...linked }
}

it('sends a text under its fixed id, and reports it when WhatsApp has it', async () => {
  const { session, ana } = await setUp()
  session.command('c1', text(ana.pnJid!, '3EB0AAAA', 'Good morning'))
  const received = await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  expect(received.message.extendedTextMessage?.text ?? received.message.conversation).toBe('Good morning')
  const report = await session.wait((seen) => seen.reportsOf('command')[0])
  expect(report).toMatchObject({ idCommand: 'c1', outcome: 'done' })
})

it('keeps what it sent, for a recipient who asks again, before it says that WhatsApp has it', async () => {
  const { session, ana } = await setUp()
  const keptBefore: boolean[] = []
  for (const id of ['3EB0AAA1', '3EB0AAA2', '3EB0AAA3']) {
    session.command(id, text(ana.pnJid!, id, 'Good morning'))
    await session.wait((seen) => seen.reportsOf('command').some(({ idCommand }) => idCommand === id))
    keptBefore.push(session.keys.has(`sent-message\0${id}`))
  }
  expect(keptBefore).toEqual([true, true, true])
})

it('tells of its own message, and what becomes of it', async () => {
  const { session, ana } = await setUp()
  session.command('c1', text(ana.pnJid!, '3EB0AAAA', 'Good morning'))
  await session.wait(({ events }) => events.some((event) => event['status'] === 'delivered'))
  await session.wait(({ events }) => events.some(({ messageType }) => messageType === 'conversation'))
  const told = session.events.map(({ messageType, ...event }) => event['status'] ?? messageType)
  expect(told.map(String).sort((left, right) => left.localeCompare(right))).toEqual([
    'conversation',
    'delivered',
    'sent',
  ])
  expect(session.events.find(({ messageType }) => messageType === 'conversation')).toMatchObject({
    isFromMe: true,
    idMessage: '3EB0AAAA',
    senderNumber: '34600111222@s.whatsapp.net',
  })
})

it('reports a message that WhatsApp refuses as failed, with the code', async () => {
  const { session, ana } = await setUp()
  stage.whatsapp.world.ackErrors.set(ana.lidJid, '463')
  stage.whatsapp.world.ackErrors.set(ana.pnJid!, '463')
  session.command('c1', text(ana.pnJid!, '3EB0AAAA', 'Good morning'))
  const report = await session.wait((seen) => seen.reportsOf('command')[0])
  expect(report).toMatchObject({
    outcome: 'failed',
    errorCode: '463',
    errorText: expect.stringContaining('let the other side write first'),
  })
  expect(session.events.find((event) => event['status'] === 'failed')).toMatchObject({
    messageType: 'messageStatus',
    idMessage: '3EB0AAAA',
    errorCode: '463',
  })
})

it('carries a command that is told twice out once', async () => {
  const { session, ana } = await setUp()
  const command = text(ana.pnJid!, '3EB0AAAA', 'Good morning')
  session.command('c1', command)
  session.command('c1', command)
  await session.wait((seen) => seen.reportsOf('command')[0])
  session.command('c2', text(ana.pnJid!, '3EB0BBBB', 'second'))
  await ana.waitForMessage(({ id }) => id === '3EB0BBBB')
  expect(ana.received.map(({ id }) => id)).toEqual(['3EB0AAAA', '3EB0BBBB'])
})

it('sends what waited while WhatsApp was away, in order', async () => {
  const { session, ana, phone } = await setUp()
  phone.dropConnection()
  for (const index of [1, 2, 3]) session.command(`c${index}`, text(ana.pnJid!, `3EB0000${index}`, `${index}`))
  await session.wait((seen) => seen.reportsOf('command').length === 3)
  expect(ana.received.map(({ id }) => id)).toEqual(['3EB00001', '3EB00002', '3EB00003'])
})

it('sends to a group so that its members can read it', async () => {
  const { session, ana, phone } = await setUp()
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  session.command('c1', text(group.jid, '3EB0AAAA', 'hello all'))
  session.command('c2', text(group.jid, '3EB0BBBB', 'again'))
  await ana.waitForMessage(({ id }) => id === '3EB0BBBB')
  expect(ana.undecryptable).toEqual([])
})

it('sends a file of the Worker, and tells of it under its own id without fetching it back', async () => {
  const { session, ana } = await setUp()
  trustMediaHost()
  session.files.set(idFile, samples.pdf)
  session.command('c1', {
    kind: 'sendMessage',
    idMessage: '3EB0AAAA',
    message: { to: ana.pnJid!, messageType: 'documentMessage', idFile, caption: 'Your order' },
  })
  const { message } = await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  const document = message.documentWithCaptionMessage?.message?.documentMessage ?? message.documentMessage
  const { directPath, mediaKey, mimetype, fileName } = document!
  const bytes = await stage.whatsapp.world.mediaHost.open(directPath!, mediaKey!, 'document')
  expect({ bytes, mimetype, fileName }).toEqual({
    bytes: samples.pdf,
    mimetype: 'image/jpeg',
    fileName: 'stored name.pdf',
  })
  await session.wait((seen) => seen.reportsOf('command')[0])
  const told = await session.wait(({ events }) => events.find((event) => event['idFile'] === idFile))
  expect(told).toMatchObject({ messageType: 'documentMessage', isFromMe: true, fileStatus: 'stored' })
  expect(stage.whatsapp.world.mediaHost.requests.map(({ method }) => method)).toEqual(['POST'])
})

it('fails a message whose file is kept no more, and goes on', async () => {
  const { session, ana } = await setUp()
  session.command('c1', {
    kind: 'sendMessage',
    idMessage: '3EB0AAAA',
    message: { to: ana.pnJid!, messageType: 'imageMessage', idFile },
  })
  session.command('c2', text(ana.pnJid!, '3EB0BBBB', 'still here'))
  await ana.waitForMessage(({ id }) => id === '3EB0BBBB')
  const report = await session.wait((seen) => seen.reportsOf('command')[0])
  expect(report).toMatchObject({ idCommand: 'c1', outcome: 'failed', errorCode: 'fileNotFound' })
})

it('names the author of what it reacts to as the group does', async () => {
  const { session, ana, phone } = await setUp()
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  const theirs = await ana.send(group, { text: 'hello' })
  session.command('c1', {
    kind: 'sendMessage',
    idMessage: '3EB0AAAA',
    message: {
      to: group.jid,
      messageType: 'reactionMessage',
      value: '👍',
      targetMessage: { idMessage: theirs.id, participant: ana.pnJid! },
    },
  })
  const { message } = await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  expect(message.reactionMessage?.key).toMatchObject({ id: theirs.id, participant: ana.lidJid })
})

it('tells of each member of a group how far a message has got', async () => {
  const { session, ana, phone } = await setUp()
  const eva = stage.whatsapp.createContact({ number: '34600555666', name: 'Eva' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana, eva] })
  session.command('c1', text(group.jid, '3EB0AAAA', 'hello all'))
  await eva.waitForMessage(({ id }) => id === '3EB0AAAA')
  ana.sendReceipt(phone, '3EB0AAAA', 'read', group.jid)
  eva.sendReceipt(phone, '3EB0AAAA', 'played', group.jid)
  const told = (jid: string | undefined, status: string) =>
    session.events.some((event) => event['participant'] === jid && event['status'] === status)
  await session.wait(
    () =>
      told(ana.pnJid, 'delivered') &&
      told(ana.pnJid, 'read') &&
      told(eva.pnJid, 'delivered') &&
      told(eva.pnJid, 'played'),
  )
  expect(told(eva.pnJid, 'read')).toBe(false)
  const status = session.events.find(({ messageType }) => messageType === 'messageStatus')
  expect(status).toMatchObject({ senderNumber: group.jid, idMessage: '3EB0AAAA' })
})

it('tells when a voice note was played in a direct chat', async () => {
  const { session, ana, phone } = await setUp()
  session.command('c1', text(ana.pnJid!, '3EB0AAAA', 'hello'))
  await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  ana.sendReceipt(phone, '3EB0AAAA', 'played')
  await session.wait(({ events }) => events.some((event) => event['status'] === 'played'))
})

it.each(['same connector', 'next connector'])(
  'sends again what a recipient asks for from its LID, by the %s',
  async (who) => {
    const { connector, session, phone, ana } = await setUp()
    session.command('c1', text(ana.pnJid!, '3EB0AAAA', 'Good morning'))
    await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
    await session.wait((seen) => seen.reportsOf('command')[0])
    if (who === 'next connector') {
      await connector.stop()
      stage.startConnector()
      await session.wait((seen) => seen.reportsOf('connected')[1])
      await phone.waitUntilConnected()
    }
    // The simulator hands a repeated message only to whom it says that it is missing.
    ana.missing.add('3EB0AAAA')
    const t = `${Math.floor(Date.now() / 1000)}`
    const registration = Buffer.alloc(4)
    registration.writeUInt32BE(ana.device.creds.registrationId)
    const asks = { id: '3EB0AAAA', type: 'retry', from: ana.lidJid, t }
    const retry = { tag: 'retry', attrs: { v: '1', count: '1', id: '3EB0AAAA', t } }
    const content = [retry, { tag: 'registration', attrs: {}, content: registration }]
    phone.companion!.deliver({ tag: 'receipt', attrs: asks, content }, {}, 'asked-again')
    await expect
      .poll(() => ana.received.filter(({ id }) => id === '3EB0AAAA').length, { timeout: 8000 })
      .toBe(2)
    const [first, second] = ana.received.filter(({ id }) => id === '3EB0AAAA')
    expect(second!.message.extendedTextMessage?.text).toBe(first!.message.extendedTextMessage?.text)
  },
)
