import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { dispatcherMigrations } from '../../worker/dispatcher/migrations.ts'
import { fleetMigrations } from '../../worker/fleet/migrations.ts'
import { migrate } from '../../worker/migrate.ts'
import { sessionMigrations } from '../../worker/session/migrations.ts'
import { tenantMigrations } from '../../worker/tenant/migrations.ts'

/**
 * The first half of the SHA-256 of each step that has landed. Installations have run them: a changed text would never be run
 * there. What differs from this list is either to be taken back, or a new step whose hash goes to the end.
 */
const landed: Record<string, { steps: readonly string[]; hashes: string[] }> = {
  Session: {
    steps: sessionMigrations,
    hashes: [
      'd6969f01355d9f276435bd07580dda96',
      'f1a98ebf110e657345f927a1b42ed2c4',
      'c6b07cda400bc122f2fd48a4c9b26140',
      '3c8112cfb609347b5323bbd170ad7991',
      '5bd34adcf725c258b09beb67ebe883cc',
      'fb6a6778dce6f29d2999d2348959318d',
      'fed8fbdbe80dbfc2482e65cf78e44d8e',
      '2a7ae7434cac347e4fe7d4ab8051ae83',
    ],
  },
  Dispatcher: { steps: dispatcherMigrations, hashes: ['250cdb70a3a264d4a7b34111654fc335'] },
  Tenant: {
    steps: tenantMigrations,
    hashes: [
      '0fdf6d5616b0481d57395b4c672cec18',
      '0e77d1e873606886b4abe97f0a3adeaa',
      '5259d9f6bfb1b97918fa514bcdc1f9cc',
    ],
  },
  Fleet: {
    steps: fleetMigrations,
    hashes: [
      '810874bbe20a9f932495687deef889a4',
      '0f0e6b2315eb5a64dda539bb8e5bcb12',
      '74be3057ae6c04e1d2d6c8ad43a1eb0b',
    ],
  },
}

const prefixes = Object.entries(landed).flatMap(([name, { steps }]) =>
  steps.map((_step, done) => ({ name, steps, done })),
)

async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The schema of an object that was brought there in these strides. */
async function schemaAfter(...strides: (readonly string[])[]): Promise<unknown[]> {
  const stub = env.SESSION.get(env.SESSION.newUniqueId())
  return runInDurableObject(stub, (_object, { storage }) => {
    for (const steps of strides) migrate(storage, steps)
    return storage.sql.exec('SELECT name, sql FROM sqlite_master ORDER BY name').toArray()
  })
}

describe('migrations', () => {
  it.each(Object.entries(landed))('of %s that have landed are what they were', async (_name, object) => {
    expect(await Promise.all(object.steps.map(hashOf))).toEqual(object.hashes)
  })

  it.each(prefixes)('bring a $name of $done steps to the newest schema', async ({ steps, done }) => {
    expect(await schemaAfter(steps.slice(0, done), steps)).toEqual(await schemaAfter(steps))
  })
})
