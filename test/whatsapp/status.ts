import type { Contact } from './contact.ts'
import type { Content } from './content.ts'
import { Group } from './group.ts'
import type { SentMessage } from './person.ts'
import type { Phone } from './phone.ts'

/** Posts a status that the owners of these phones may see. */
export function postStatus(by: Contact, content: Content, ...viewers: Phone[]): Promise<SentMessage> {
  const members = [by, ...viewers]
  return by.send(new Group('status@broadcast', by.world.unixNow(), { subject: '', members }), content)
}
