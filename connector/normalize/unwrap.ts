import type { proto } from '../baileys.ts'

/** Envelopes whose content is a message like any other. */
const wrappers = [
  'ephemeralMessage',
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
  'documentWithCaptionMessage',
  'deviceSentMessage',
  'editedMessage',
  'groupMentionedMessage',
  'botInvokeMessage',
  'botTaskMessage',
  'botForwardedMessage',
  'lottieStickerMessage',
  'associatedChildMessage',
  'eventCoverImage',
  'pollCreationMessageV4',
  'pollCreationOptionImageMessage',
  'limitSharingMessage',
  'questionMessage',
  'questionReplyMessage',
  'groupStatusMessage',
  'groupStatusMessageV2',
  'statusAddYours',
  'statusMentionMessage',
  'groupStatusMentionMessage',
] as const satisfies (keyof proto.IMessage)[]

const viewOnceWrappers = new Set<string>([
  'viewOnceMessage',
  'viewOnceMessageV2',
  'viewOnceMessageV2Extension',
])

/** Real messages have at most three; more is an attack. */
const maxDepth = 8

export interface Unwrapped {
  content: proto.IMessage
  isViewOnce: boolean
  /** The envelopes taken off, outermost first. */
  taken: string[]
  /** More envelopes than anybody uses: `content` is not the innermost. */
  isTooDeep: boolean
}

/** Takes the envelopes off a message. An empty envelope is left on, so that its name can be told. */
export function unwrap(message: proto.IMessage): Unwrapped {
  let content = message
  const taken: string[] = []
  for (;;) {
    const outer = content
    const wrapper = wrappers.find((name) => typeof outer[name]?.message === 'object' && outer[name].message)
    if (wrapper === undefined) break
    if (taken.length === maxDepth) return { ...describe(taken), content, isTooDeep: true }
    taken.push(wrapper)
    content = outer[wrapper]!.message!
  }
  return { ...describe(taken), content, isTooDeep: false }
}

function describe(taken: string[]) {
  return { taken, isViewOnce: taken.some((name) => viewOnceWrappers.has(name)) }
}
