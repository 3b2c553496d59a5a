import { initAuthCreds, isLidUser, jidNormalizedUser } from './baileys.ts'
import type { AuthenticationCreds } from './baileys.ts'

/** The account of a session under one epoch of its link: its credentials of the moment, and what they say. */
export class Account {
  #creds: AuthenticationCreds | undefined

  /** @param stored what the Worker has; undefined when no account was ever linked. */
  constructor(stored: AuthenticationCreds | undefined) {
    this.#creds = stored
  }

  get creds(): AuthenticationCreds | undefined {
    return this.#creds
  }

  /** A request for a pairing code already names an account in the credentials; only the phone's answer links it. */
  get isLinked(): boolean {
    return this.#creds?.account !== undefined
  }

  /** Whether it has ever been let in: the first login uploads pre-keys. */
  get hasLoggedIn(): boolean {
    return (this.#creds?.firstUnuploadedPreKeyId ?? 1) > 1
  }

  get accountName(): string | undefined {
    return this.#creds?.me?.name
  }

  /**
   * What the next connection logs in, or registers, with. A pairing that was begun and never finished leaves credentials
   * with which one can do neither.
   */
  open(): AuthenticationCreds {
    const isHalfPaired = this.#creds?.me !== undefined && !this.isLinked
    if (this.#creds === undefined || isHalfPaired) this.#creds = initAuthCreds()
    return this.#creds
  }

  /** The next connection begins with credentials of its own. */
  forget(): void {
    this.#creds = undefined
  }
}

/** The account's own addresses. */
export function ownAddresses(creds: AuthenticationCreds): { id: string; lid: string } {
  return { id: creds.me?.id ?? '', lid: creds.me?.lid ?? '' }
}

export function ownNumber(creds: AuthenticationCreds): string | undefined {
  return creds.me === undefined ? undefined : jidNormalizedUser(creds.me.id)
}

export function ownLid(creds: AuthenticationCreds): string | undefined {
  const lid = creds.me?.lid
  return lid !== undefined && isLidUser(lid) ? jidNormalizedUser(lid) : undefined
}
