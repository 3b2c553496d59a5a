import { z } from 'zod'
import {
  EditedMessageEvent,
  GroupParticipantsUpdateEvent,
  GroupUpdateEvent,
  IdentityUpdateEvent,
  MessageStatusEvent,
  PollUpdateMessageEvent,
  PresenceUpdateEvent,
  ReactionMessageEvent,
  RevokedMessageEvent,
} from './change.ts'
import {
  AudioMessageEvent,
  DocumentMessageEvent,
  ImageMessageEvent,
  StickerMessageEvent,
  VideoMessageEvent,
} from './file-message.ts'
import {
  ButtonsResponseMessageEvent,
  CallOfferEvent,
  ContactMessageEvent,
  ConversationEvent,
  ListResponseMessageEvent,
  LocationMessageEvent,
  PollCreationMessageEvent,
  UnsupportedMessageEvent,
} from './message.ts'
import { ConnectionUpdateEvent, SessionUpdateEvent } from './session.ts'
import { SubscriptionUpdateEvent } from './subscription.ts'

/** The customer's own contract, in the order of their document: what a subscription without `events` gets. */
export const coreEvents = {
  sessionUpdate: SessionUpdateEvent,
  conversation: ConversationEvent,
  imageMessage: ImageMessageEvent,
  audioMessage: AudioMessageEvent,
  stickerMessage: StickerMessageEvent,
  documentMessage: DocumentMessageEvent,
  videoMessage: VideoMessageEvent,
  contactMessage: ContactMessageEvent,
} as const

/** Sent only to a subscription that names them, or `"*"`. */
export const optInEvents = {
  messageStatus: MessageStatusEvent,
  reactionMessage: ReactionMessageEvent,
  locationMessage: LocationMessageEvent,
  pollCreationMessage: PollCreationMessageEvent,
  pollUpdateMessage: PollUpdateMessageEvent,
  editedMessage: EditedMessageEvent,
  revokedMessage: RevokedMessageEvent,
  buttonsResponseMessage: ButtonsResponseMessageEvent,
  listResponseMessage: ListResponseMessageEvent,
  callOffer: CallOfferEvent,
  groupUpdate: GroupUpdateEvent,
  groupParticipantsUpdate: GroupParticipantsUpdateEvent,
  presenceUpdate: PresenceUpdateEvent,
  connectionUpdate: ConnectionUpdateEvent,
  identityUpdate: IdentityUpdateEvent,
  subscriptionUpdate: SubscriptionUpdateEvent,
  unsupportedMessage: UnsupportedMessageEvent,
} as const

export const events = { ...coreEvents, ...optInEvents } as const

export type MessageType = keyof typeof events

export const MessageType = z.enum(Object.keys(events) as [MessageType, ...MessageType[]])

type EventOf<Type extends MessageType> = z.infer<(typeof events)[Type]>

/** One normalized occurrence, as it stands in the log and as subscribers get it: flat JSON. */
export type Event = { [Type in MessageType]: EventOf<Type> }[MessageType]

/** An event before it has its place in the log: what a connector sends. */
export type EventDraft = { [Type in MessageType]: Omit<EventOf<Type>, 'sequence'> }[MessageType]

type EventSchemas = (typeof events)[MessageType][]
const schemas = Object.values(events) as [EventSchemas[number], ...EventSchemas]

export const Event = z.discriminatedUnion('messageType', schemas).meta({ id: 'Event' })

const drafts = schemas.map((schema) => (schema as z.ZodObject).omit({ sequence: true }).meta({}))

/** Validates an event before it has its place in the log. */
export const EventDraft: z.ZodType<EventDraft> = z.discriminatedUnion(
  'messageType',
  drafts as unknown as [z.ZodObject<{ messageType: z.ZodLiteral<MessageType> }>],
) as unknown as z.ZodType<EventDraft>
