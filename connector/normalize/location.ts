import type { proto } from '../baileys.ts'
import { makeMessage, makeUnsupported, type Subject } from './subject.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { toLabel, toText, withoutAbsent } from './value.ts'

interface WirePlace {
  degreesLatitude?: number | null
  degreesLongitude?: number | null
  accuracyInMeters?: number | null
}

function readDegrees(value: unknown, limit: number): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= limit ? value + 0 : undefined
}

function readPlace({ degreesLatitude, degreesLongitude, accuracyInMeters }: WirePlace) {
  const latitude = readDegrees(degreesLatitude, 90)
  const longitude = readDegrees(degreesLongitude, 180)
  if (latitude === undefined || longitude === undefined) return undefined
  const accuracy = accuracyInMeters ?? Number.NaN
  return {
    latitude,
    longitude,
    accuracyMeters: accuracy > 0 && Number.isFinite(accuracy) ? accuracy : undefined,
  }
}

export function readLocation(location: proto.Message.ILocationMessage, subject: Subject): NormalizedMessage {
  const place = readPlace(location)
  if (place === undefined) return makeUnsupported(subject, 'locationMessage', 'malformed')
  const { accuracyMeters, ...degrees } = place
  const fields = withoutAbsent({
    ...degrees,
    name: toLabel(location.name),
    address: toLabel(location.address),
    url: toLabel(location.url),
    caption: toText(location.comment) || undefined,
    accuracyMeters,
    isLive: location.isLive === true || undefined,
  })
  return makeMessage(subject, 'locationMessage', location.contextInfo, fields)
}

export function readLiveLocation(
  location: proto.Message.ILiveLocationMessage,
  subject: Subject,
): NormalizedMessage {
  const place = readPlace(location)
  if (place === undefined) return makeUnsupported(subject, 'liveLocationMessage', 'malformed')
  const { accuracyMeters, ...degrees } = place
  const fields = withoutAbsent({
    ...degrees,
    caption: toText(location.caption) || undefined,
    accuracyMeters,
    isLive: true,
  })
  return makeMessage(subject, 'locationMessage', location.contextInfo, fields)
}
