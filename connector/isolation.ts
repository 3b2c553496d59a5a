import { AsyncLocalStorage } from 'node:async_hooks'
import type { SessionRef } from '../schema/link.ts'

/** What can be given up without harm to the rest of the process. */
interface Isolated {
  readonly ref: SessionRef
  fail(error: Error): void
}

const present = new AsyncLocalStorage<{ made?: Isolated }>()

/** Makes something so that what is thrown on its behalf from now on, in whatever callback, is known to be its. */
export function isolate<Made extends Isolated>(make: () => Made): Made {
  const owner: { made?: Isolated } = {}
  const made = present.run(owner, make)
  owner.made = made
  return made
}

/** On whose behalf this is running; undefined when it is nobody's, or the process's own. */
export function isolatedHere(): Isolated | undefined {
  return present.getStore()?.made
}
