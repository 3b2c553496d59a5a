import type { AnyEvent } from '../support/receiver.ts'
import type { Stage } from '../support/stage.ts'
import type { ReceivedMessage } from '../whatsapp/contact.ts'
import { encodeVote } from '../whatsapp/poll-vote.ts'
import { samples } from '../whatsapp/samples.ts'
import type { Cast } from './play.ts'

/** What a conversation needs of the play that it is part of. */
export interface Scene {
  stage: Stage
  cast: Cast
  path: string
  /** Tells the audience what comes, and waits until it has read it. */
  announce(text: string): Promise<void>
  say(text: string): void
  /** Waits for a webhook and judges it. */
  expect(
    title: string,
    fits: (event: AnyEvent) => boolean,
    fields: Record<string, unknown>,
  ): Promise<AnyEvent | undefined>
  judge(title: string, problems: string[]): void
}

/** The shop’s system and Ana talk: what only subscriptions get that name it, in both directions. */
export async function talk(scene: Scene): Promise<void> {
  const { ana } = scene.cast
  await writeAndAnswer(scene)
  const picture = await sendPicture(scene)
  await scene.announce('Ana reacts to the picture.')
  const reaction = await ana.send(scene.cast.shop, {
    reaction: '😍',
    target: { id: picture },
  })
  await expectMessage(scene, 'a reaction', reaction.id, {
    messageType: 'reactionMessage',
    value: '😍',
    targetMessage: { idMessage: picture, participant: scene.cast.shop.pnJid, isFromMe: true },
  })
  await changeMinds(scene)
  await vote(scene)
  await meet(scene)
}

async function writeAndAnswer(scene: Scene): Promise<void> {
  const { ana, shop } = scene.cast
  await scene.stage.api.post(`${scene.path}/presence/subscribe`, { to: ana.pnJid })
  await scene.announce('Ana types …')
  ana.sendPresence(shop, 'composing')
  const typing = (event: AnyEvent) => event.messageType === 'presenceUpdate'
  await scene.expect('Ana types', typing, { senderNumber: ana.pnJid, presence: 'composing' })
  const value = 'Do you have it in red, too?'
  const { id } = await ana.send(shop, { text: value })
  await expectMessage(scene, 'a question', id, { messageType: 'conversation', value })

  const quoted = { idMessage: id, participant: ana.pnJid, value }
  const answer = await sendToAna(scene, 'The shop’s own system answers by POST /v1/sessions/demo/messages', {
    messageType: 'conversation',
    value: 'We do! Shall I put one aside?',
    quoted,
  })
  if (!answer) return
  const context = answer.message.extendedTextMessage?.contextInfo
  scene.judge('the answer quotes the question', context?.stanzaId === id ? [] : ['it does not'])
  await expectStatus(scene, answer.id, 'sent')
  await expectStatus(scene, answer.id, 'delivered')
  await scene.announce('Ana reads it.')
  ana.sendReceipt(shop, answer.id, 'read')
  await expectStatus(scene, answer.id, 'read')
}

async function sendPicture(scene: Scene): Promise<string> {
  const { idFile } = await scene.stage.api.upload('/v1/files', samples.jpeg, 'image/jpeg')
  const got = await sendToAna(scene, 'The shop’s system sends a picture', {
    messageType: 'imageMessage',
    idFile,
    caption: 'This is the red one',
  })
  if (!got) return ''
  const { directPath, mediaKey } = got.message.imageMessage!
  const bytes = await scene.stage.whatsapp.mediaHost.open(directPath!, mediaKey!, 'image')
  scene.judge('its file, as Ana’s phone opens it', bytes.equals(samples.jpeg) ? [] : ['it is another'])
  return got.id
}

async function changeMinds(scene: Scene): Promise<void> {
  const { ana, shop } = scene.cast
  const { id } = await ana.send(shop, { text: 'I take tow' })
  await expectMessage(scene, 'a text with a slip', id, { messageType: 'conversation' })
  const targetMessage = { idMessage: id, participant: ana.pnJid }
  await scene.announce('Ana corrects herself.')
  const edit = await ana.send(shop, { edit: 'I take two', target: { id, fromMe: true } })
  await expectMessage(scene, 'an edit', edit.id, {
    messageType: 'editedMessage',
    value: 'I take two',
    targetMessage,
  })
  await scene.announce('Ana deletes it for everybody.')
  const revocation = await ana.send(shop, { revoke: { id, fromMe: true } })
  await expectMessage(scene, 'a deletion', revocation.id, { messageType: 'revokedMessage', targetMessage })
}

async function vote(scene: Scene): Promise<void> {
  const { ana, shop, group } = scene.cast
  const options = ['Friday', 'Saturday']
  const poll = await sendToAna(
    scene,
    `The shop’s system asks the group “${group.subject}”`,
    { messageType: 'pollCreationMessage', value: 'When shall we stay open late?', options },
    group.jid,
  )
  if (!poll) return
  await scene.announce('Ana votes; the vote is encrypted once more, and decrypted for the webhook.')
  const key = { id: poll.id, remoteJid: group.jid, participant: shop.lidJid, fromMe: false }
  const asked = { ...poll, creatorJid: shop.lidJid, voterJid: ana.lidJid, key }
  const { id } = await ana.send(group, { raw: encodeVote(asked, ['Saturday']) })
  await expectMessage(scene, 'a vote', id, {
    messageType: 'pollUpdateMessage',
    selectedOptions: ['Saturday'],
    targetMessage: { idMessage: poll.id, participant: shop.pnJid, isFromMe: true },
  })
  await scene.announce('Ana gives the group another name.')
  group.change(ana, { subject: 'Late openers' })
  const renamed = (event: AnyEvent) => event.messageType === 'groupUpdate' && event['action'] === 'subject'
  await scene.expect('a group’s new name', renamed, { senderNumber: group.jid, value: 'Late openers' })
}

async function meet(scene: Scene): Promise<void> {
  const { ana, shop } = scene.cast
  const place = { latitude: 40.4168, longitude: -3.7038, name: 'Puerta del Sol' }
  await scene.announce('Ana says where she is.')
  const { id } = await ana.send(shop, { location: place })
  await expectMessage(scene, 'a place', id, { messageType: 'locationMessage', ...place })
  await sendToAna(scene, 'The shop’s system says where the shop is', {
    messageType: 'locationMessage',
    latitude: 40.4203,
    longitude: -3.7058,
    name: 'The Shop',
  })
  await scene.announce('Ana calls.')
  ana.call(shop, 'CALL-1')
  const rings = (event: AnyEvent) => event.messageType === 'callOffer'
  await scene.expect('a call', rings, { senderNumber: ana.pnJid, idCall: 'CALL-1', isVideo: false })
}

/** Sends by the API and reads what Ana’s phone decrypts. */
async function sendToAna(
  scene: Scene,
  what: string,
  message: Record<string, unknown>,
  to = scene.cast.ana.pnJid,
): Promise<ReceivedMessage | undefined> {
  const { ana } = scene.cast
  await scene.announce(`${what}.`)
  try {
    const { idMessage } = await scene.stage.api.post<{ idMessage: string }>(
      `${scene.path}/messages?wait=20`,
      { ...message, to },
    )
    const got = await ana.waitForMessage(({ id }) => id === idMessage)
    scene.say(
      `⇢ Ana’s phone decrypts it: ${String(message['caption'] ?? message['value'] ?? message['name'])}`,
    )
    scene.judge(`${what}: Ana’s phone decrypts it`, [])
    return got
  } catch (error) {
    scene.judge(what, [(error as Error).message])
    return undefined
  }
}

async function expectMessage(
  { cast: { ana }, expect }: Scene,
  title: string,
  idMessage: string,
  fields: Record<string, unknown>,
): Promise<void> {
  const sender = { senderName: ana.name, lid: ana.lidJid }
  await expect(`${title} from ${ana.name}`, (e) => e['idMessage'] === idMessage, { ...sender, ...fields })
}

async function expectStatus({ cast, expect }: Scene, idMessage: string, status: string): Promise<void> {
  const fits = (event: AnyEvent) => event['idMessage'] === idMessage && event['status'] === status
  await expect(`${status}: the answer`, fits, { messageType: 'messageStatus', senderNumber: cast.ana.pnJid })
}
