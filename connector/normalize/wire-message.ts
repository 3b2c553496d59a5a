import type { EventDraft } from '../../schema/event/event.ts'
import type { Jid } from '../../schema/id.ts'
import type { proto } from '../baileys.ts'
import type { MediaSource } from '../media-source.ts'

/** A protobuf integer: a number in live messages, a `Long` in history. */
export type WireNumber = number | string | { toNumber(): number }

export interface WireKey {
  remoteJid?: string | null | undefined
  /** The same chat under its other address: the phone number's of a LID, or the reverse. */
  remoteJidAlt?: string | null | undefined
  participant?: string | null | undefined
  participantAlt?: string | null | undefined
  fromMe?: boolean | null | undefined
  id?: string | null | undefined
  isViewOnce?: boolean | null | undefined
}

/** A message as WhatsApp delivers it; Baileys' `WAMessage` is one. Nothing in it is trusted. */
export interface WireMessage {
  key: WireKey
  message?: proto.IMessage | null | undefined
  messageTimestamp?: WireNumber | null | undefined
  pushName?: string | null | undefined
  verifiedBizName?: string | null | undefined
  messageStubType?: number | null | undefined
  messageStubParameters?: readonly unknown[] | null | undefined
}

/** What normalization knows of the session. Nothing of it enters `idEvent` but `idSession`. */
export interface NormalizeContext {
  idSession: string
  ownNumber?: Jid | undefined
  ownLid?: Jid | undefined
  /** The phone JID of a LID, when any source has told it. */
  phoneOf(lid: Jid): Jid | undefined
  /** The answers that a vote chooses, when the poll is known; `voters` are the addresses of the one who votes. */
  openVote?(idPoll: string, vote: proto.Message.IPollEncValue, voters: Jid[]): string[] | undefined
  isHistory?: boolean | undefined
  includeStatus?: boolean | undefined
  includeNewsletters?: boolean | undefined
  /** No retry is to come any more: what cannot be decrypted is told as it is. */
  isGivenUp?: boolean | undefined
  /** Its bytes were decrypted and are no message. */
  isMalformed?: boolean | undefined
}

/** An event, and where its file is to be had when it has one. */
export interface NormalizedMessage {
  draft: EventDraft
  media?: MediaSource
}
