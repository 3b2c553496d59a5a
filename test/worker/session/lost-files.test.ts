import { evictDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { maxLostFiles } from '../../../worker/session/lost-files.ts'
import { imageMessage } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query } from '../support/objects.ts'

it('are bounded: beyond the limit the oldest tenth is forgotten', async () => {
  const { stub } = await makeSession()
  await query(
    stub,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxLostFiles})
      INSERT INTO lost_files SELECT 'file_' || i, 's', 'e', i FROM n`,
  )
  await evictDurableObject(stub)
  const link = await LinkClient.attach(stub)
  const image = imageMessage({ fileStatus: 'unavailable', fileError: 'not fetched' })
  await link.commit({ events: [{ event: image, source: 'c291cmNl' }] })
  const [row] = await query(stub, 'SELECT count(*) AS count, min(at) AS oldest FROM lost_files')
  expect(row).toEqual({ count: maxLostFiles * 0.9 + 1, oldest: maxLostFiles / 10 + 1 })
})
