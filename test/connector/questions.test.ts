import { expect, it, vi } from 'vitest'
import { answerQuestion } from '../../connector/questions.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()
const authorIn = async () => '111@lid'
const phoneOf = () => undefined
const openFile = () => Promise.reject(new Error('there are no files'))
const check = (...numbers: string[]) => ({ kind: 'checkNumbers' as const, numbers })

async function setUp() {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  return { phone, socket: client.socket, ana }
}

it('says of each number, in order, whether somebody is there', async () => {
  const { socket, ana } = await setUp()
  const report = await answerQuestion('c1', check('34600999999', '34600111222', '34600999999'), {
    socket,
    phoneOf,
    openFile,
    authorIn,
  })
  const nobody = { number: '34600999999', jid: null, exists: false }
  expect(report).toEqual({
    report: 'command',
    idCommand: 'c1',
    outcome: 'done',
    result: {
      contacts: [nobody, { number: '34600111222', jid: ana.pnJid, exists: true, lid: ana.lidJid }, nobody],
    },
  })
})

it('tells under which other number WhatsApp knows somebody', async () => {
  const { socket } = await setUp()
  const canonical = new Map([
    ['5511987654321', '551187654321@s.whatsapp.net'],
    ['34600111222', '34600111222@s.whatsapp.net'],
  ])
  const onWhatsApp = async (...numbers: string[]) =>
    numbers.flatMap((number) => {
      const jid = canonical.get(number)
      return jid === undefined ? [] : [{ jid, exists: true }]
    })
  const asked = check('34600111222', '34600999999', '5511987654321')
  const { result } = await answerQuestion('c1', asked, {
    socket: { ...socket, onWhatsApp },
    phoneOf,
    openFile,
    authorIn,
  })
  expect(result).toMatchObject({
    contacts: [
      { jid: '34600111222@s.whatsapp.net', exists: true },
      { jid: null, exists: false },
      { number: '5511987654321', jid: '551187654321@s.whatsapp.net', exists: true },
    ],
  })
})

it('fails when there is no connection, and when WhatsApp does not answer', async () => {
  const { socket } = await setUp()
  expect(
    await answerQuestion('c1', check('34600111222'), { socket: undefined, phoneOf, openFile, authorIn }),
  ).toMatchObject({
    outcome: 'failed',
    errorCode: 'notConnected',
  })
  const silent = { socket: { ...socket, onWhatsApp: async () => undefined }, phoneOf, openFile, authorIn }
  expect(await answerQuestion('c1', check('34600111222'), silent)).toMatchObject({
    outcome: 'failed',
    errorCode: 'notAnswered',
  })
})

it('marks messages as read, for their writers to see, direct and in a group', async () => {
  const { phone, socket, ana } = await setUp()
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  const tools = { socket, phoneOf, openFile, authorIn: async () => ana.lidJid }
  const messages = [{ idMessage: 'A' }, { idMessage: 'B' }]
  await answerQuestion('c1', { kind: 'markRead', to: ana.pnJid!, messages }, tools)
  const inGroup = [{ idMessage: 'C', participant: ana.pnJid! }]
  await answerQuestion('c2', { kind: 'markRead', to: group.jid, messages: inGroup }, tools)
  const seen = () => phone.signs.filter(({ kind }) => kind === 'read')
  await vi.waitFor(() =>
    expect(seen()).toEqual([
      { kind: 'read', to: ana.lidJid, ids: ['A', 'B'] },
      { kind: 'read', to: group.jid, participant: ana.lidJid, ids: ['C'] },
    ]),
  )
})

it.each(['composing', 'recording', 'paused'] as const)('shows %s in a chat', async (presence) => {
  const { phone, socket, ana } = await setUp()
  const command = { kind: 'setPresence' as const, presence, to: ana.pnJid! }
  const report = await answerQuestion('c1', command, { socket, phoneOf, openFile, authorIn })
  expect(report).toEqual({ report: 'command', idCommand: 'c1', outcome: 'done' })
  await vi.waitFor(() => expect(phone.signs).toContainEqual({ kind: presence, to: ana.pnJid }))
})

it('shows the account online', async () => {
  const { phone, socket } = await setUp()
  const online = { kind: 'setPresence' as const, presence: 'available' as const }
  await vi.waitFor(() => expect(socket.authState.creds.me?.name).toBe('The Shop'))
  expect(await answerQuestion('c1', online, { socket, phoneOf, openFile, authorIn })).toMatchObject({
    outcome: 'done',
  })
  await vi.waitFor(() => expect(phone.signs).toContainEqual({ kind: 'available' }))
  delete socket.authState.creds.me!.name
  expect(await answerQuestion('c2', online, { socket, phoneOf, openFile, authorIn })).toMatchObject({
    errorCode: 'noName',
  })
})
