import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import type { CountName, Counts } from '../counts.ts'
import type { ConnectorView } from './fleet.ts'

/** What the Fleet knows of the installation at this moment. */
export interface Installation {
  connectors: readonly ConnectorView[]
  runningSessions: number
  waitingSessions: number
  tenants: number
}

const counters: Record<CountName, { name: string; help: string; label: string | null }> = {
  events: { name: 'chatlink_events_total', help: 'Events taken into a log.', label: 'message_type' },
  invalidEvents: {
    name: 'chatlink_invalid_events_total',
    help: 'Events that failed the contract: kept, never delivered.',
    label: null,
  },
  stateChanges: {
    name: 'chatlink_session_state_changes_total',
    help: 'Sessions that came into a state.',
    label: 'state',
  },
  attempts: {
    name: 'chatlink_delivery_attempts_total',
    help: 'Requests to subscribers, by what came of them.',
    label: 'outcome',
  },
  attemptSeconds: {
    name: 'chatlink_delivery_attempt_seconds_total',
    help: 'How long these requests took, in all.',
    label: null,
  },
  deadLetters: {
    name: 'chatlink_dead_letters_total',
    help: 'Events that are not tried any more by themselves.',
    label: 'reason',
  },
}

/** The metrics in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/); `docs/operating.md` lists them. */
export function writeMetrics(installation: Installation, counts: Counts): Promise<string> {
  const registers = [new Registry()]
  const { connectors, runningSessions, waitingSessions, tenants } = installation
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers })
  const online = gauge('chatlink_connectors', 'Connectors that are there.', 'status')
  for (const status of ['online', 'draining', 'failing'] as const)
    online.set({ status }, connectors.filter((connector) => connector.status === status).length)
  const capacity = gauge('chatlink_connector_capacity', 'Sessions that a connector may run.', 'connector')
  const running = gauge('chatlink_connector_sessions', 'Sessions that a connector runs.', 'connector')
  for (const connector of connectors) {
    capacity.set({ connector: connector.idConnector }, connector.capacity)
    running.set({ connector: connector.idConnector }, connector.sessions)
  }
  const sessions = gauge(
    'chatlink_sessions',
    'Sessions that are to run, by whether a connector has them.',
    'placement',
  )
  sessions.set({ placement: 'running' }, runningSessions)
  sessions.set({ placement: 'waiting' }, waitingSessions)
  gauge('chatlink_tenants', 'Tenants of the installation.').set(tenants)
  for (const [key, { name, help, label }] of Object.entries(counters)) {
    const counter = new Counter({ name, help, labelNames: label === null ? [] : [label], registers })
    for (const [value, total] of Object.entries(counts[key as CountName] ?? {})) {
      if (label === null) counter.inc(total)
      else counter.inc({ [label]: value }, total)
    }
  }
  return registers[0]!.metrics()
}
