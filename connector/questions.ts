import type { ContactCheck } from '../schema/api/contact.ts'
import type { LinkCommand } from '../schema/command.ts'
import { jidNormalizedUser } from './baileys.ts'
import type { WASocket } from './baileys.ts'
import type { CommandReport } from './outbox.ts'
import {
  askAboutAccount,
  isAboutAccount,
  type AccountQuestion,
  type AccountTools,
} from './account-questions.ts'
import {
  askAboutGroups,
  groupRefusals,
  isAboutGroups,
  type GroupQuestion,
  type GroupTools,
} from './group-questions.ts'
import { findPicture } from './profile-picture.ts'
import { codeOf, failedReport, readRefusal, RefusedQuestion } from './question-refusal.ts'

export type Question = Exclude<LinkCommand, { kind: 'sendMessage' | 'fetchFile' | 'pairingCode' }>

type Asked = Pick<
  WASocket,
  | 'authState'
  | 'onWhatsApp'
  | 'presenceSubscribe'
  | 'profilePictureUrl'
  | 'readMessages'
  | 'sendPresenceUpdate'
  | 'signalRepository'
>

export interface QuestionTools {
  /** Absent while WhatsApp is not connected. */
  socket: (Asked & GroupTools['socket'] & AccountTools['socket']) | undefined
  /** The number of whom WhatsApp names by LID. */
  phoneOf(lid: string): string | undefined
  openFile: AccountTools['openFile']
  /** How WhatsApp names a person within a chat. */
  authorIn(chat: string, jid: string): Promise<string>
}

/** Asks or tells WhatsApp something at once. Never rejects. */
export async function answerQuestion(
  idCommand: string,
  command: Question,
  { socket, phoneOf, openFile, authorIn }: QuestionTools,
): Promise<CommandReport> {
  const failed = (errorCode: string, errorText: string) => failedReport(idCommand, { errorCode, errorText })
  if (socket === undefined)
    return failed('notConnected', 'The session is not connected to WhatsApp at the moment. Try again soon.')
  // Baileys would drop it without a word.
  if (command.kind === 'setPresence' && command.to === undefined && !socket.authState.creds.me?.name)
    return failed('noName', 'WhatsApp has not told the name of the account yet. Try again in some seconds.')
  try {
    const result = isAboutGroups(command)
      ? await askAboutGroups(command, { socket, phoneOf, authorIn })
      : isAboutAccount(command)
        ? await askAboutAccount(command, { socket, phoneOf, openFile })
        : await carryOut(command, socket, authorIn)
    return { report: 'command', idCommand, outcome: 'done', ...(result !== undefined && { result }) }
  } catch (error) {
    if (error instanceof RefusedQuestion) return failedReport(idCommand, error.refusal)
    return failedReport(
      idCommand,
      readRefusal(codeOf(error), isAboutGroups(command) ? groupRefusals(command) : {}),
    )
  }
}

async function carryOut(
  command: Exclude<Question, GroupQuestion | AccountQuestion>,
  socket: Asked,
  authorIn: QuestionTools['authorIn'],
): Promise<Record<string, unknown> | undefined> {
  if (command.kind === 'checkNumbers') return { contacts: await checkNumbers(socket, command.numbers) }
  if (command.kind === 'profilePicture') return { pictureUrl: await findPicture(socket, command.jid) }
  if (command.kind === 'subscribePresence') await socket.presenceSubscribe(command.to)
  else if (command.kind === 'markRead') await markRead(command, socket, authorIn)
  else await socket.sendPresenceUpdate(command.presence, command.to)
  return undefined
}

/** WhatsApp knows the messages of a chat under the address from which they came: the LID, where there is one. */
async function markRead(
  { to, messages }: Extract<Question, { kind: 'markRead' }>,
  socket: Asked,
  authorIn: QuestionTools['authorIn'],
): Promise<void> {
  const isGroup = to.endsWith('@g.us')
  const remoteJid = isGroup ? to : ((await findLids(socket, [to])).get(to) ?? to)
  const keys = messages.map(async ({ idMessage: id, participant }) => ({
    remoteJid,
    id,
    fromMe: false,
    ...(isGroup && participant !== undefined && { participant: await authorIn(to, participant) }),
  }))
  await socket.readMessages(await Promise.all(keys))
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
