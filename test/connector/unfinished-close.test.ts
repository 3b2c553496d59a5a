import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { node } from '../whatsapp/node.ts'
import { useStage } from './harness.ts'

const stage = useStage()
const closings: (() => void)[] = []

afterEach(() => {
  for (const close of closings.splice(0)) close()
})

/** A network to WhatsApp that can be told to let nothing more through to it over the connections that stand. */
async function makeNetwork() {
  const { hostname, port, pathname } = new URL(stage.whatsapp.url)
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(Number(port), hostname)
    for (const socket of [client, target]) sockets.add(socket)
    client.on('data', (data) => silent.has(client) || target.write(data))
    target.on('data', (data) => client.write(data))
    client.on('error', () => target.destroy()).on('close', () => target.destroy())
    target.on('error', () => client.destroy()).on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closings.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`
  return { url, silence: () => sockets.forEach((socket) => silent.add(socket)) }
}

it('connects anew soon when WhatsApp ends the stream and does not answer the end of the connection', async () => {
  const network = await makeNetwork()
  const rootKey = Buffer.from(stage.whatsapp.rootKey, 'hex')
  stage.startConnector({ whatsApp: { url: network.url, rootKey } })
  const { session, phone } = await stage.linkSession()
  network.silence()
  phone.companion!.connection!.send(node('stream:error', { code: '503' }))
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  session.command('c1', {
    kind: 'sendMessage',
    idMessage: '3EB0AAAA',
    message: { to: ana.pnJid!, messageType: 'conversation', value: 'Good morning' },
  })
  await session.wait((seen) => seen.reportsOf('connected')[1], 8000)
  await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  const report = await session.wait((seen) => seen.reportsOf('command')[0])
  expect(report.outcome).toBe('done')
  expect(session.reportsOf('reconnecting')).toHaveLength(1)
})
