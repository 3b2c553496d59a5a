/**
 * The WebSocket inside Baileys' client, an internal field: what leaves and what is read can be governed only there.
 * `hookable` finds out whether it is where it was.
 */
export interface RawSocket {
  readyState: number
  send(data: Uint8Array, ...rest: unknown[]): void
  pause(): void
  resume(): void
  terminate(): void
  addEventListener(type: 'close', listener: () => void): void
  /** Used, where it is there, to write many frames with one system call. */
  _socket?: { cork(): void; uncork(): void } | null
}

/** The WebSocket inside Baileys' client, or undefined when this Baileys has it elsewhere. */
export function hookable(client: unknown): RawSocket | undefined {
  const socket = (client as { socket?: Partial<RawSocket> | null }).socket
  const has = (name: keyof RawSocket) => typeof socket?.[name] === 'function'
  if (!has('send') || !has('pause') || !has('resume') || !has('terminate')) return undefined
  return socket as RawSocket
}
