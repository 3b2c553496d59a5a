import type { BlockedPerson } from '../schema/api/account.ts'
import { maxProfilePictureBytes } from '../schema/api/account.ts'
import type { LinkCommand } from '../schema/command.ts'
import { getBinaryNodeChild, getBinaryNodeChildren, isLidUser, jidNormalizedUser } from './baileys.ts'
import type { BinaryNode, WASocket } from './baileys.ts'
import type { OutgoingFile } from './outgoing-file.ts'
import { findPicture } from './profile-picture.ts'
import { RefusedQuestion } from './question-refusal.ts'

const accountKinds = ['readProfile', 'updateProfile', 'listBlocked', 'block'] as const

export type AccountQuestion = Extract<LinkCommand, { kind: (typeof accountKinds)[number] }>

export function isAboutAccount(command: LinkCommand): command is AccountQuestion {
  return accountKinds.some((kind) => kind === command.kind)
}

export interface AccountTools {
  socket: Pick<
    WASocket,
    | 'authState'
    | 'profilePictureUrl'
    | 'query'
    | 'signalRepository'
    | 'updateBlockStatus'
    | 'updateProfileName'
  >
  phoneOf(lid: string): string | undefined
  openFile(idFile: string): Promise<OutgoingFile>
}

type Asked = AccountTools['socket']

/** Asks WhatsApp about the account itself, or changes it. Throws what Baileys throws. */
export async function askAboutAccount(
  question: AccountQuestion,
  { socket, phoneOf, openFile }: AccountTools,
): Promise<Record<string, unknown>> {
  const { kind } = question
  if (kind === 'readProfile') return readProfile(socket)
  if (kind === 'listBlocked') return { blocked: await listBlocked(socket, phoneOf) }
  if (kind === 'block') {
    await block(socket, question)
    return {}
  }
  const { name, idFile } = question
  if (name !== undefined) await rename(socket, name)
  if (idFile !== undefined)
    await changePicture(socket, idFile === null ? undefined : await readPicture(await openFile(idFile)))
  return readProfile(socket)
}

async function readProfile(socket: Asked): Promise<Record<string, unknown>> {
  const { me } = socket.authState.creds
  return {
    name: me?.name ?? null,
    pictureUrl: me ? await findPicture(socket, jidNormalizedUser(me.id)) : null,
  }
}

/** The name lives in the state that the account's devices share, which is encrypted with a key of the phone. */
async function rename(socket: Asked, name: string): Promise<void> {
  if (socket.authState.creds.myAppStateKeyId === undefined)
    throw new RefusedQuestion({
      errorCode: 'notAnswered',
      errorText:
        'The phone has not shared the key with which the name is changed yet. Try again in some seconds.',
    })
  await socket.updateProfileName(name)
}

/** Baileys' own way would decode and cut the picture; nothing that a tenant uploads is decoded here. */
async function changePicture(socket: Asked, picture: Buffer | undefined): Promise<void> {
  const attrs = { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:profile:picture' }
  const content: BinaryNode[] = picture
    ? [{ tag: 'picture', attrs: { type: 'image' }, content: picture }]
    : []
  answered(await socket.query({ tag: 'iq', attrs, content }))
}

async function readPicture({ stream }: OutgoingFile): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Buffer).length
    if (size > maxProfilePictureBytes) throw new Error('the picture is larger than the Worker allows')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

async function listBlocked(socket: Asked, phoneOf: AccountTools['phoneOf']): Promise<BlockedPerson[]> {
  const attrs = { to: '@s.whatsapp.net', type: 'get', xmlns: 'blocklist' }
  const answer = answered(await socket.query({ tag: 'iq', attrs }))
  const items = getBinaryNodeChildren(getBinaryNodeChild(answer, 'list'), 'item')
  return items.map(({ attrs: { jid = '', pn_jid: known } }) => {
    const isLid = isLidUser(jid) === true
    const number = isLid ? (known ?? phoneOf(jid) ?? null) : jid
    return { jid: number ?? jid, number, lid: isLid ? jid : null }
  })
}

/** WhatsApp wants both addresses of whom it is to block. */
async function block(
  socket: Asked,
  { jid, isBlocked }: Extract<AccountQuestion, { kind: 'block' }>,
): Promise<void> {
  const { lidMapping } = socket.signalRepository
  const other = isLidUser(jid) ? await lidMapping.getPNForLID(jid) : await lidMapping.getLIDForPN(jid)
  if (!other && (isBlocked || !isLidUser(jid)))
    throw new RefusedQuestion({
      errorCode: 'notOnWhatsApp',
      errorText: isLidUser(jid)
        ? 'The number of this LID is not known, and WhatsApp blocks nobody without it.'
        : 'WhatsApp knows nobody by this number.',
    })
  await socket.updateBlockStatus(jid, isBlocked ? 'block' : 'unblock')
}

function answered(answer: unknown): BinaryNode {
  if (answer === undefined) throw new Error('WhatsApp did not answer')
  return answer as BinaryNode
}
