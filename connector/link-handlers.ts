import type { Receiving } from '../schema/api/receiving.ts'
import type { LinkCommand } from '../schema/command.ts'
import type { KeyEntry, LinkDownFrame } from '../schema/link.ts'
import type { Cipher } from './cipher.ts'

export type Welcome = Extract<LinkDownFrame, { type: 'welcome' }>

/** What a session hears of its link. */
export interface LinkHandlers {
  /** This connector owns the session under a new epoch: whatever was known before is void. */
  attached(state: {
    keys: KeyEntry[]
    cipher: Cipher
    receiving: Receiving
    recent: Welcome['recent']
    files: Welcome['files']
  }): void
  /** The same epoch goes on after a broken socket. */
  resumed(state: Pick<Welcome, 'files' | 'receiving'>): void
  /** The socket broke; it comes back by itself. */
  lost(): void
  acked(): void
  command(idCommand: string, command: LinkCommand, expiresAt: number | undefined): void
  cancel(idCommand: string): void
  receiving(receiving: Receiving): void
  desire(desire: 'stop' | 'logout'): void
  /** Right after `attached`: what was to be stored under the epoch before was refused, and would be for ever. */
  refused(): void
  /** The link is over. `superseded`: another connector owns the session. */
  ended(why: 'released' | 'superseded' | 'versionMismatch'): void
}
