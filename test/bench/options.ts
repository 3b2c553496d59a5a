export interface BenchOptions {
  /** Events of each run of the Worker's throughput. */
  events: number
  /** Events in the long log. */
  logEvents: number
  /** Events a second at which the Worker's latency is measured. */
  rate: number
  /** Messages of each run of direct messages. */
  messages: number
  /** How often each contestant has its turn; the medians are shown. */
  rounds: number
  /** Where the connector writes a CPU profile, for `--cpu-prof`. */
  profile: string | undefined
  /** Where the state of what is measured lies, unless where the system keeps temporary files. */
  state: string | undefined
  /** Prints a part of the result. */
  say(text: string): void
  /** Tells on stderr what is being done. */
  progress(text: string): void
}
