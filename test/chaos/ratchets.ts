import type { Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Actor } from './actors.ts'
import type { Ledger } from './ledger.ts'
import { timeOf, type Timeline } from './timeline.ts'

/** So long a message may take when everything has healed … */
export const promptMs = 20_000
/** … and so much longer it is waited for, to tell a late one from one that never comes. */
const lateMs = 60_000
/** So far back the log is shown. */
const historyMs = 90_000

interface Scene {
  stage: Stage
  ledger: Ledger
  timeline: Timeline
}

/**
 * Afterwards everybody must still be able to talk with everybody, both ways, direct and in the group. Those that cannot,
 * each with whether the message came late or never, and with what is known of it.
 */
export async function findDeadRatchets(scene: Scene, actors: Actor[]): Promise<string[]> {
  const dead: string[] = []
  for (const actor of actors) {
    await actor.phone.waitUntilConnected(30_000).catch(() => undefined)
    for (const contact of actor.contacts)
      for (const target of [actor.phone, actor.group])
        dead.push(...(await hear(scene, actor, contact, target)))
    dead.push(...(await speak(scene, actor, actor.contacts[0]!)))
  }
  return dead
}

/** A contact writes to the session, or to the group in which it is. */
async function hear(
  scene: Scene,
  actor: Actor,
  contact: Contact,
  target: Actor['phone'] | Actor['group'],
): Promise<string[]> {
  const { idSession, phone, group } = actor
  const { id } = await contact.send(target, { text: 'Still there?' })
  const name = `${contact.name} → ${target === phone ? idSession : group.subject}`
  return judge(scene, actor, { name, id }, () => scene.ledger.hasArrived(idSession, id))
}

/** The session writes to a contact. */
async function speak(scene: Scene, actor: Actor, contact: Contact): Promise<string[]> {
  const { idSession } = actor
  const body = {
    to: `${contact.number}@s.whatsapp.net`,
    messageType: 'conversation',
    value: 'Still here.',
  }
  const path = `/v1/sessions/${idSession}/messages`
  const { idMessage } = await scene.stage.api.post<{ idMessage: string }>(path, body)
  const name = `${idSession} → ${contact.name}`
  const hasCome = () => contact.received.some(({ id }) => id === idMessage)
  return judge(scene, actor, { name, id: idMessage, contact, path: `${path}/${idMessage}` }, hasCome)
}

interface Question {
  name: string
  id: string
  contact?: Contact
  /** Where the API tells of the message. */
  path?: string
}

async function judge(
  scene: Scene,
  actor: Actor,
  question: Question,
  hasCome: () => boolean,
): Promise<string[]> {
  const { name } = question
  const sentAt = Date.now()
  const isPrompt = await waitUntil(name, hasCome, promptMs).then(
    () => true,
    () => false,
  )
  if (isPrompt) return []
  const known = await describe(scene, actor, question)
  const isLate = await waitUntil(name, hasCome, lateMs).then(
    () => true,
    () => false,
  )
  const verdict = isLate ? `late, after ${((Date.now() - sentAt) / 1000).toFixed(1)} s` : 'never'
  const { idSession } = actor
  const log = scene.timeline.lines(sentAt - historyMs, Date.now(), [
    idSession,
    question.id,
    'warn',
    'error',
    'ended (',
  ])
  return [[`${name}: ${verdict}`, ...known, ...log.slice(-250)].join('\n      ')]
}

/** What the API, the connectors and WhatsApp know of a message that has not come in time. */
async function describe(scene: Scene, actor: Actor, { id, contact, path }: Question): Promise<string[]> {
  const { stage } = scene
  const { idSession, phone } = actor
  const { companion } = phone
  const ask = async (api: 'api' | 'admin', url: string) =>
    `GET ${url}: ${await stage[api].get(url).then(JSON.stringify, String)}`
  const receipts = phone.receipts.filter((receipt) => receipt.id === id)
  return [
    `${id}, at ${timeOf(Date.now())}`,
    ...(path === undefined ? [] : [await ask('api', path)]),
    await ask('api', `/v1/sessions/${idSession}`),
    await ask('admin', '/v1/connectors'),
    `processes: ${JSON.stringify(stage.installation.pids())}`,
    `WhatsApp: ${phone.isConnected ? 'connected' : 'not connected'}, ${companion?.loginCount} logins, ` +
      `${phone.pending.length} stanzas without a receipt (${phone.pending.slice(0, 10).join(', ')})`,
    `WhatsApp has the message of the session: ${stage.whatsapp.world.sent.has(id)}; ` +
      `to nobody: ${stage.whatsapp.world.sentToNobody.includes(id)}; ` +
      `receipts: ${JSON.stringify(receipts)}; asked for again: ${companion?.askedAgain.has(id)}`,
    ...(contact === undefined
      ? []
      : [`the contact cannot read: ${JSON.stringify(contact.undecryptable.slice(-5))}`]),
  ]
}
