import { expect, it } from 'vitest'
import { formatLogLine } from '../../worker/host/log-line.ts'

it('shows a line of pino for people', () => {
  const line =
    '{"level":40,"time":1767225600000,"pid":7,"hostname":"box","idSession":"support","msg":"link lost","attempt":2}'
  expect(formatLogLine(line)).toBe('warn link lost idSession=support attempt=2')
})

it('shows a line of the Worker for people', () => {
  expect(formatLogLine('{"level":"info","message":"request","path":"/v1/sessions","detail":"a b"}')).toBe(
    'info request path=/v1/sessions detail="a b"',
  )
})

it.each(['plain text', '{not json', ''])('leaves %j as it is', (line) => {
  expect(formatLogLine(line)).toBe(line)
})
