import { afterEach, expect, it, vi } from 'vitest'
import { makeLog } from '../../connector/log.ts'
import { Outbox, type CommandReport } from '../../connector/outbox.ts'
import type { SendCommand } from '../../schema/command.ts'

const now = 1_767_225_600_000

const command = (idMessage: string): SendCommand => ({
  kind: 'sendMessage',
  idMessage,
  message: { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Hi' },
})

function makeOutbox() {
  const sent: string[] = []
  const reports: CommandReport[] = []
  const refused: string[] = []
  const outbox = new Outbox({
    send: async ({ idMessage }) => void sent.push(idMessage),
    report: (report) => reports.push(report),
    refuseCancel: (idCommand) => refused.push(idCommand),
    log: makeLog('silent'),
  })
  return { outbox, sent, reports, refused }
}

afterEach(() => {
  vi.useRealTimers()
})

it('takes back what waits for WhatsApp, and never sends it', async () => {
  const { outbox, sent, reports, refused } = makeOutbox()
  outbox.take('a', command('a'))
  outbox.take('b', command('b'))
  outbox.cancel('a')
  outbox.opened()
  await vi.waitFor(() => expect(sent).toEqual(['b']))
  expect(reports).toMatchObject([{ idCommand: 'a', outcome: 'failed', errorCode: 'cancelled' }])
  expect(refused).toEqual([])
})

it('refuses to take back what WhatsApp may have, even when it waits to be repeated', async () => {
  const { outbox, sent, reports, refused } = makeOutbox()
  outbox.opened()
  outbox.take('a', command('a'))
  await vi.waitFor(() => expect(sent).toEqual(['a']))
  outbox.cancel('a')
  outbox.closed()
  outbox.cancel('a')
  outbox.cancel('never told')
  expect(refused).toEqual(['a', 'a', 'never told'])
  expect(reports).toEqual([])
})

it('lets go what has expired without a try, and repeats what was tried', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { outbox, sent, reports } = makeOutbox()
  outbox.opened()
  outbox.take('tried', command('tried'), now + 1000)
  await vi.waitFor(() => expect(sent).toEqual(['tried']))
  outbox.closed()
  outbox.take('late', command('late'), now + 1000)
  outbox.take('in time', command('in time'), now + 5000)
  vi.setSystemTime(now + 2000)
  outbox.opened()
  await vi.waitFor(() => expect(sent).toEqual(['tried', 'tried', 'in time']))
  expect(outbox.find('late')).toBeUndefined()
  expect(reports).toEqual([])
})

it('still knows a message that WhatsApp has just taken: Baileys may tell of it later', async () => {
  const { outbox, sent } = makeOutbox()
  outbox.opened()
  outbox.take('a', {
    ...command('a'),
    message: { to: '34600111222@s.whatsapp.net', messageType: 'imageMessage', idFile: 'file_a' },
  })
  await vi.waitFor(() => expect(sent).toEqual(['a']))
  outbox.acknowledged('a', undefined)
  expect(outbox.fileOf('a')).toBe('file_a')
  for (let index = 0; index < 50; index++) {
    outbox.take(`${index}`, command(`${index}`))
    await vi.waitFor(() => expect(sent).toContain(`${index}`))
    outbox.acknowledged(`${index}`, undefined)
  }
  expect(outbox.fileOf('a')).toBeUndefined()
})

it('does not count as a try what failed because the connection broke, however often', async () => {
  const tries: ((error: Error) => void)[] = []
  const reports: CommandReport[] = []
  const outbox = new Outbox({
    send: () => new Promise((_, fail) => tries.push(fail)),
    report: (report) => reports.push(report),
    refuseCancel: () => undefined,
    log: makeLog('silent'),
  })
  outbox.take('a', command('a'))
  for (let connection = 1; connection <= 20; connection++) {
    outbox.opened()
    await vi.waitFor(() => expect(tries).toHaveLength(connection))
    // The try over the connection before fails when this one is open, or when none is.
    const isOpen = connection % 2 === 0
    if (!isOpen) outbox.closed()
    tries[connection - 2]?.(new Error('Connection Closed'))
    await new Promise((done) => setImmediate(done))
    outbox.closed()
  }
  expect(reports).toEqual([])
})

it('sends over the next connection without waiting for what hangs on the one before', async () => {
  const sent: string[] = []
  let isHanging = true
  const outbox = new Outbox({
    send: async ({ idMessage }) => {
      if (isHanging) await new Promise(() => {})
      sent.push(idMessage)
    },
    report: () => undefined,
    refuseCancel: () => undefined,
    log: makeLog('silent'),
  })
  outbox.opened()
  outbox.take('a', command('a'))
  outbox.take('b', command('b'))
  outbox.closed()
  isHanging = false
  outbox.opened()
  await vi.waitFor(() => expect(sent).toEqual(['a', 'b']))
})

it('tries again after growing pauses what fails on an open connection, its chat waiting and others not', async () => {
  vi.useFakeTimers({ now })
  const sent: string[] = []
  const reports: CommandReport[] = []
  let isIll = true
  const outbox = new Outbox({
    send: async ({ idMessage }) => {
      if (idMessage === 'ill' && isIll) throw new Error('a query was not answered')
      sent.push(idMessage)
    },
    report: (report) => reports.push(report),
    refuseCancel: () => undefined,
    log: makeLog('silent'),
  })
  outbox.opened()
  const other = command('other')
  outbox.take('ill', command('ill'))
  outbox.take('behind', command('behind'))
  outbox.take('other', { ...other, message: { ...other.message, to: '34600999888@s.whatsapp.net' } })
  await vi.advanceTimersByTimeAsync(3000)
  expect(sent).toEqual(['other'])
  isIll = false
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent).toEqual(['other', 'ill', 'behind'])
  expect(reports).toEqual([])
})

it('tries again in time when the clock is set back meanwhile', async () => {
  vi.useFakeTimers({ now })
  let isIll = true
  const sent: string[] = []
  const outbox = new Outbox({
    send: async ({ idMessage }) => {
      if (isIll) throw new Error('a query was not answered')
      sent.push(idMessage)
    },
    report: () => undefined,
    refuseCancel: () => undefined,
    log: makeLog('silent'),
  })
  outbox.opened()
  outbox.take('a', command('a'))
  await vi.advanceTimersByTimeAsync(100)
  isIll = false
  vi.setSystemTime(now - 3_600_000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual(['a'])
})

it('fails a message that cannot be sent however often it is tried', async () => {
  vi.useFakeTimers({ now })
  const reports: CommandReport[] = []
  const outbox = new Outbox({
    send: () => Promise.reject(new Error('no such address')),
    report: (report) => reports.push(report),
    refuseCancel: () => undefined,
    log: makeLog('silent'),
  })
  outbox.opened()
  outbox.take('ill', command('ill'))
  await vi.advanceTimersByTimeAsync(15_000)
  expect(reports).toEqual([])
  await vi.advanceTimersByTimeAsync(5000)
  expect(reports).toMatchObject([{ idCommand: 'ill', outcome: 'failed', errorCode: 'sendFailed' }])
})
