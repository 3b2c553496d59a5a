/** Nearest-rank percentile of values that need not be sorted. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(Math.ceil(sorted.length * share) - 1, sorted.length - 1)] ?? Number.NaN
}

export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const half = (sorted.length - 1) / 2
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2
}

export interface Latency {
  p50: number
  p95: number
  p99: number
}

export function latencyOf(values: number[]): Latency {
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95), p99: percentile(values, 0.99) }
}

/** Of each percentile the median over rounds. */
export function medianLatency(rounds: Latency[]): Latency {
  const of = (name: keyof Latency) => median(rounds.map((latency) => latency[name]))
  return { p50: of('p50'), p95: of('p95'), p99: of('p99') }
}

export function latencyCells({ p50, p95, p99 }: Latency): string[] {
  return [p50, p95, p99].map(formatMs)
}

export function ratioCells(one: Latency, other: Latency): string[] {
  return (['p50', 'p95', 'p99'] as const).map((name) => (one[name] / other[name]).toFixed(2))
}

export function formatMs(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`
}

/** Of milliseconds. */
export function formatMicroseconds(value: number): string {
  return `${(value * 1000).toFixed(0)} µs`
}

/** A Markdown table. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
