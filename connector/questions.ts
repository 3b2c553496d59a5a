import type { ContactCheck } from '../schema/api/contact.ts'
import type { LinkCommand } from '../schema/link.ts'
import { jidNormalizedUser } from './baileys.ts'
import type { WASocket } from './baileys.ts'
import type { CommandReport } from './outbox.ts'

export type Question = Exclude<LinkCommand, { kind: 'sendMessage' }>

type Asked = Pick<WASocket, 'onWhatsApp' | 'signalRepository'>

/** Asks WhatsApp at once; `undefined` stands for a session without a connection. Never rejects. */
export async function answerQuestion(
  idCommand: string,
  command: Question,
  socket: Asked | undefined,
): Promise<CommandReport> {
  const failed = (errorCode: string, errorText: string): CommandReport => ({
    report: 'command',
    idCommand,
    outcome: 'failed',
    errorCode,
    errorText,
  })
  if (socket === undefined)
    return failed('notConnected', 'The session is not connected to WhatsApp at the moment. Try again soon.')
  try {
    const result = { contacts: await checkNumbers(socket, command.numbers) }
    return { report: 'command', idCommand, outcome: 'done', result }
  } catch {
    return failed('notAnswered', 'WhatsApp did not answer the question. Try again in some seconds.')
  }
}

async function checkNumbers(socket: Asked, numbers: string[]): Promise<ContactCheck[]> {
  const distinct = [...new Set(numbers)]
  const known = await ask(socket, distinct)
  const jids = new Map(distinct.map((number) => [number, `${number}@s.whatsapp.net`]))
  const isStrange = [...known].some((jid) => !distinct.includes(userOf(jid)))
  for (const [number, jid] of jids) {
    if (known.has(jid)) continue
    // WhatsApp may know somebody by another form of the number; which of the numbers it was, only a question of its own tells.
    const [other] = isStrange ? await ask(socket, [number]) : []
    if (other === undefined) jids.delete(number)
    else jids.set(number, other)
  }
  const lids = await findLids(socket, [...jids.values()])
  return numbers.map((number) => {
    const jid = jids.get(number) ?? null
    const lid = lids.get(jid ?? '')
    return { number, jid, exists: jid !== null, ...(lid !== undefined && { lid }) }
  })
}

/** The addresses of those who are on WhatsApp. */
async function ask(socket: Asked, numbers: string[]): Promise<Set<string>> {
  const found = await socket.onWhatsApp(...numbers)
  if (found === undefined) throw new Error('WhatsApp did not answer')
  return new Set(found.filter(({ exists }) => exists).map(({ jid }) => jidNormalizedUser(jid)))
}

async function findLids(socket: Asked, jids: string[]): Promise<Map<string, string>> {
  const pairs = await socket.signalRepository.lidMapping.getLIDsForPNs(jids).catch(() => null)
  return new Map((pairs ?? []).map(({ pn, lid }) => [jidNormalizedUser(pn), jidNormalizedUser(lid)]))
}

function userOf(jid: string): string {
  return jid.split('@')[0]!
}
