import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maxJsonBytes } from '../../openapi/limits.ts'
import { maxBodyCharacters } from '../../worker/session/event-line.ts'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { pause } from './waiting.ts'

/** Publishing is what a connector does over the link, and what a tenant does by `POST …/messages`. */
let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

const send = (one: Case, value: string, key: string) =>
  stage.api.request(
    'POST',
    `/v1/sessions/${one.idSession}/messages?wait=0`,
    { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value },
    { 'idempotency-key': key },
  )

const queued = async (one: Case) => {
  const path = `/v1/sessions/${one.idSession}/messages?status=queued`
  return (await stage.api.get<{ messages: object[] }>(path)).messages.length
}

describe.concurrent('I. Dedupe and idempotency', () => {
  it('66. takes a commit that is repeated after its acknowledgement was lost for the same', async () => {
    const one = await stage.case()
    const event = text('once')
    await one.publish(event)
    await one.until(1)
    // A new link does not know what became of the commit, and sends it again under a new number.
    const again = await stage.relink(one.link)
    again.commit([{ idSession: one.idSession, ...event }])
    again.commit([{ idSession: one.idSession, ...text('next') }])
    await again.drained()
    await one.until(2)
    await pause(300)
    expect(one.values).toEqual(['once', 'next'])
  })

  it('66. takes a message that is repeated under its Idempotency-Key for the same', async () => {
    const one = await stage.case()
    const first = await send(one, 'Hello', 'order-1')
    const second = await send(one, 'Hello', 'order-1')
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toMatchObject({ idMessage: (first.body as { idMessage: string }).idMessage })
    expect(await queued(one)).toBe(1)
  })

  it('67. does not burn the id of an event that was refused', async () => {
    const one = await stage.case()
    const event = text('mended')
    await one.publish({ ...event, messageTimestamp: 'yesterday' })
    await one.publish(event)
    await one.until(1)
    expect(one.values).toEqual(['mended'])
    expect(one.received[0]?.headers['webhook-id']).toBe(event.idEvent)
  })

  it('67. does not burn the Idempotency-Key of a message that was refused', async () => {
    const one = await stage.case()
    const refused = await send(one, '', 'order-2')
    expect(refused.status).toBe(422)
    expect((await send(one, 'Hello', 'order-2')).status).toBe(202)
    expect(await queued(one)).toBe(1)
  })
})

describe.concurrent('N. Limits', () => {
  it('108. takes a JSON body at the limit, and answers 413 one byte beyond', async () => {
    const one = await stage.case()
    const post = (bytes: number) =>
      stage.postBytes(`${one.root}/rotate-secret`, JSON.stringify({ overlapSeconds: 0 }).padEnd(bytes, ' '))
    expect(await post(maxJsonBytes)).toEqual({ status: 200, code: undefined })
    expect(await post(maxJsonBytes + 1)).toEqual({ status: 413, code: 'bodyTooLarge' })
  })

  it('108. delivers the longest event; a longer one is kept, told as invalid, and never dropped in silence', async () => {
    const one = await stage.case()
    const sized = (characters: number) => {
      const event = { idSession: one.idSession, ...text('') }
      return { ...event, value: 'x'.repeat(characters - JSON.stringify(event).length) }
    }
    await one.publish(sized(maxBodyCharacters))
    await one.publish(sized(maxBodyCharacters + 1))
    await one.publish(text('after'))
    await one.until(2)
    await pause(300)
    expect(one.values.map((value) => value.length)).toEqual([
      sized(maxBodyCharacters).value.length,
      'after'.length,
    ])
    const path = `/v1/sessions/${one.idSession}/invalid-events`
    const { events } = await stage.api.get<{ events: { reason: string }[] }>(path)
    expect(events).toMatchObject([{ reason: expect.stringContaining(String(maxBodyCharacters)) as string }])
  })
})

describe.concurrent('E. Schedule', () => {
  it('43. makes one attempt of a test, which is never tried again', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    expect(await stage.api.post(`${one.root}/test`, {})).toMatchObject({ delivered: false, statusCode: 500 })
    await pause(3000)
    expect(one.received).toHaveLength(1)
    expect(await one.deliveries()).toEqual([])
  })
})
