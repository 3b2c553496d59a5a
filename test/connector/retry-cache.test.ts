import './remedies.ts'
import { MessageRetryManager } from 'baileys'
import { afterEach, expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'

const stage = useStage()

afterEach(() => {
  vi.restoreAllMocks()
})

it('keeps in memory what was sent, to send it again when asked, and nothing of what was received', async () => {
  const add = vi.spyOn(MessageRetryManager.prototype, 'addRecentMessage')
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  await ana.send(phone, { text: 'direct' }, { id: 'DIRECT' })
  await ana.send(group, { text: 'in a group' }, { id: 'INGROUP' })
  await session.wait(({ events }) => events[1])
  const message = { to: ana.pnJid!, messageType: 'conversation' as const, value: 'Hello' }
  session.command('cmd_1', { kind: 'sendMessage', idMessage: '3EB0SENT', message })
  await ana.waitForMessage(({ id }) => id === '3EB0SENT')
  await expect.poll(() => add.mock.calls.map(([, id]) => id)).toContain('3EB0SENT')
  const kept = add.mock.calls.map(([, id]) => id)
  expect(kept).not.toContain('DIRECT')
  expect(kept).not.toContain('INGROUP')
})
