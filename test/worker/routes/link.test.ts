import { describe, expect, it } from 'vitest'
import { admin, anybody, connector, makeCustomer, problem } from '../support/api-client.ts'
import { imageMessage } from '../support/event-builder.ts'
import { findObject, makeLinked } from '../support/linked-session.ts'

const upgrade = { headers: { upgrade: 'websocket' } }
const nobody = '0'.repeat(64)

/** The link addresses of a new session. */
async function makePaths() {
  const { customer, link } = await makeLinked()
  const { idObject } = await findObject(customer, 'support')
  return { customer, link, socket: `/link/sessions/${idObject}`, files: `/link/sessions/${idObject}/files` }
}

describe('the link', () => {
  it('opens the sockets of the fleet and of a session to a connector', async () => {
    const { socket } = await makePaths()
    for (const path of ['/link/fleet', socket]) {
      const response = await connector.fetch('GET', path, upgrade)
      expect(response.status).toBe(101)
      response.webSocket!.accept()
      response.webSocket!.close(1000)
    }
  })

  it('opens nothing to anybody else', async () => {
    const { customer, socket, files } = await makePaths()
    for (const client of [anybody, admin, customer])
      for (const [method, path] of [
        ['GET', '/link/fleet'],
        ['GET', socket],
        ['PUT', `${files}/file_0123456789`],
        ['GET', `${files}/file_0123456789`],
      ] as const)
        expect(await client.call(method, path, upgrade)).toMatchObject(problem(401, 'unauthorized'))
  })

  it('wants a WebSocket', async () => {
    const { socket } = await makePaths()
    for (const path of ['/link/fleet', socket])
      expect(await connector.get(path)).toMatchObject(problem(426, 'upgradeRequired'))
  })

  it.each([nobody, 'nonsense', `${nobody}0`])('knows no session object %s', async (idObject) => {
    const answer = await connector.call('GET', `/link/sessions/${idObject}`, upgrade)
    expect(answer).toMatchObject(problem(404, 'sessionNotFound'))
  })
})

describe('a file that a connector brings', () => {
  const sha256 = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'
  const put = (path: string, headers: Record<string, string> = {}) =>
    connector.call('PUT', path, {
      body: 'hello world',
      headers: { 'content-type': 'image/jpeg', 'x-chatlink-sha256': sha256, ...headers },
    })

  it('is the tenant’s to read, and the connector’s', async () => {
    const { customer, files } = await makePaths()
    expect(await put(`${files}/file_0123456789`)).toMatchObject({
      status: 201,
      body: { fileSize: 11, sha256 },
    })
    expect((await customer.get('/v1/files/file_0123456789')).bytes).toHaveLength(11)
    expect((await connector.get(`${files}/file_0123456789`)).bytes).toHaveLength(11)
    expect(await (await makeCustomer()).get('/v1/files/file_0123456789')).toMatchObject(
      problem(404, 'fileNotFound'),
    )
  })

  it('lets the event go that waited for it, with its address', async () => {
    const { customer, link, files } = await makePaths()
    const event = imageMessage({ idFile: 'file_abcdefghij' })
    await link.commit({ events: [{ event, source: btoa('where it is') }] })
    type Page = { events: Record<string, unknown>[] }
    const events = async () =>
      (await customer.get<Page>('/v1/sessions/support/events?types=imageMessage')).body.events
    expect(await events()).toEqual([])
    await put(`${files}/file_abcdefghij`)
    expect(await events()).toEqual([
      expect.objectContaining({
        fileStatus: 'stored',
        fileSize: 11,
        sha256,
        fileUrl: 'http://worker/v1/files/file_abcdefghij',
      }),
    ])
  })

  it('with another hash is refused and not kept', async () => {
    const { customer, files } = await makePaths()
    const answer = await put(`${files}/file_0123456789`, { 'x-chatlink-sha256': 'ab'.repeat(32) })
    expect(answer).toMatchObject(problem(422, 'hashMismatch'))
    expect((await customer.get('/v1/files/file_0123456789')).status).toBe(404)
  })

  it('of no session is refused', async () => {
    const { customer, files } = await makePaths()
    await customer.delete('/v1/sessions/support')
    expect(await put(`/link/sessions/${nobody}/files/file_0123456789`)).toMatchObject(
      problem(404, 'sessionNotFound'),
    )
    expect(await put(`${files}/nonsense`)).toMatchObject(problem(404, 'fileNotFound'))
  })
})
