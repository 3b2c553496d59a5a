import { linkSession } from '../support/linked-session.ts'
import type { Stage } from '../support/stage.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Content } from '../whatsapp/content.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'
import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'

export interface Actor {
  idSession: string
  phone: Phone
  contacts: Contact[]
  group: Group
}

/** Links sessions, each with contacts and a group of its own. */
export async function createActors(stage: Stage, count: number, contactsEach: number): Promise<Actor[]> {
  const actors: Actor[] = []
  for (let index = 0; index < count; index++) {
    const idSession = `chaos-${index}`
    const phone = await linkSession(stage, idSession, { history: true })
    const contacts = Array.from({ length: contactsEach }, (_, number) =>
      stage.whatsapp.createContact({
        number: `3460${index}000${number}`,
        name: `Contact ${index}.${number}`,
      }),
    )
    const group = stage.whatsapp.createGroup({ subject: `Group ${index}`, members: [...contacts, phone] })
    actors.push({ idSession, phone, contacts, group })
  }
  return actors
}

const mebibyte = 1024 * 1024

/** Mostly a short text, now and then a file, a text as long as WhatsApp lets one be, or a preview of one to three megabytes. */
function contentOf(kind: number, count: number): Content {
  if (kind > 0.97) return { image: true, caption: `Picture ${count}` }
  if (kind > 0.96) return { text: `Message ${count} ${'long '.repeat(13_000)}` }
  if (kind < 0.95) return { text: `Message ${count}` }
  const jpegThumbnail = Buffer.alloc(mebibyte + (count % 3) * mebibyte, count)
  return {
    raw: { documentMessage: { fileName: `${count}.pdf`, mimetype: 'application/pdf', jpegThumbnail } },
  }
}

/** One message from somebody to somebody: mostly direct, now and then in a group. */
export async function sendOne(actor: Actor, random: Random, ledger: Ledger, count: number): Promise<void> {
  const { idSession, phone, contacts, group } = actor
  const contact = random.pick(contacts)
  const target = random.next() < 0.25 ? group : phone
  const content = contentOf(random.next(), count)
  const { id } = await contact.send(target, content)
  ledger.send({ id, idSession, chat: target === phone ? contact.lid : group.jid })
}
