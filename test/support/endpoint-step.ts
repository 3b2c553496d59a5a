/** How one request is answered. */
export interface Step {
  /** 200 when absent. */
  status?: number
  headers?: Record<string, string>
  body?: string
  /** How long the headers wait. */
  delayMs?: number
  /** Sends headers at once and a byte of the body every so often, for ever. */
  dripMs?: number
  /** Sends a body as fast as it is taken, up to so many bytes. */
  floodBytes?: number
  /** `reset` breaks the connection off instead of an answer, `hang` never answers. */
  fault?: 'reset' | 'hang'
}

/** One request as it came; `body` byte for byte. */
export interface Received {
  at: number
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status: number
}
