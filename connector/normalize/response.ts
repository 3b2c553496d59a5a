import type { proto } from '../baileys.ts'
import { makeMessage, type Subject } from './subject.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { maxLabelLength, toLabel, toText, withoutAbsent } from './value.ts'

export function readButtonsResponse(
  response: proto.Message.IButtonsResponseMessage,
  subject: Subject,
): NormalizedMessage {
  return makeMessage(subject, 'buttonsResponseMessage', response.contextInfo, {
    selectedId: toText(response.selectedButtonId, maxLabelLength),
    value: toText(response.selectedDisplayText, maxLabelLength),
  })
}

/** A button of a template. */
export function readTemplateReply(
  response: proto.Message.ITemplateButtonReplyMessage,
  subject: Subject,
): NormalizedMessage {
  return makeMessage(subject, 'buttonsResponseMessage', response.contextInfo, {
    selectedId: toText(response.selectedId, maxLabelLength),
    value: toText(response.selectedDisplayText, maxLabelLength),
  })
}

/** A button of an interactive message: its id stands in JSON, else the flow's name stands for it. */
export function readInteractiveResponse(
  response: proto.Message.IInteractiveResponseMessage,
  subject: Subject,
): NormalizedMessage {
  const flow = response.nativeFlowResponseMessage
  return makeMessage(subject, 'buttonsResponseMessage', response.contextInfo, {
    selectedId: readParameterId(flow?.paramsJson) ?? toText(flow?.name, maxLabelLength),
    value: toText(response.body?.text),
  })
}

const maxParametersLength = 64 * 1024

function readParameterId(parameters: unknown): string | undefined {
  if (typeof parameters !== 'string' || parameters.length > maxParametersLength) return undefined
  try {
    const parsed: unknown = JSON.parse(parameters)
    return typeof parsed === 'object' && parsed !== null && 'id' in parsed ? toLabel(parsed.id) : undefined
  } catch {
    return undefined
  }
}

export function readListResponse(
  response: proto.Message.IListResponseMessage,
  subject: Subject,
): NormalizedMessage {
  const fields = withoutAbsent({
    selectedId: toText(response.singleSelectReply?.selectedRowId, maxLabelLength),
    value: toText(response.title, maxLabelLength),
    description: toLabel(response.description),
  })
  return makeMessage(subject, 'listResponseMessage', response.contextInfo, fields)
}
