import { expect, it } from 'vitest'
import { answerQuestion } from '../../connector/questions.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()
const check = (...numbers: string[]) => ({ kind: 'checkNumbers' as const, numbers })

async function setUp() {
  const { client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  return { socket: client.socket, ana }
}

it('says of each number, in order, whether somebody is there', async () => {
  const { socket, ana } = await setUp()
  const report = await answerQuestion('c1', check('34600999999', '34600111222', '34600999999'), socket)
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
  const { signalRepository } = socket
  const asked = check('34600111222', '34600999999', '5511987654321')
  const { result } = await answerQuestion('c1', asked, { onWhatsApp, signalRepository })
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
  expect(await answerQuestion('c1', check('34600111222'), undefined)).toMatchObject({
    outcome: 'failed',
    errorCode: 'notConnected',
  })
  const silent = { signalRepository: socket.signalRepository, onWhatsApp: async () => undefined }
  expect(await answerQuestion('c1', check('34600111222'), silent)).toMatchObject({
    outcome: 'failed',
    errorCode: 'notAnswered',
  })
})
