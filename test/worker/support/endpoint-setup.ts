import type { TestProject } from 'vitest/node'
import { ScriptedEndpoints } from '../../support/scripted-endpoint.ts'

/** Starts the subscribers that tests inside workerd send to. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const endpoints = await ScriptedEndpoints.start()
  project.provide('endpointOrigin', endpoints.origin)
  return () => endpoints.close()
}
