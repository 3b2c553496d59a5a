import { installed } from './remedies.ts'
import { addTransactionCapability, Curve, initAuthCreds, proto } from 'baileys'
import { describe, expect, it, vi } from 'vitest'
import { envelopes } from '../support/garble.ts'
import type { KeyEntry } from '../../schema/link.ts'
import { makeCipher } from '../../connector/cipher.ts'
import type { Change } from '../../connector/commit-queue.ts'
import { Inbox } from '../../connector/inbox.ts'
import { makeQuietLog, makeLog } from '../../connector/log.ts'
import { PeerMessages, peerType } from '../../connector/peer-messages.ts'
import { wrapRepository } from '../../connector/repository.ts'
import { SessionStore } from '../../connector/store.ts'

const logger = makeQuietLog(makeLog('silent'))

/** One side of a conversation: the connector's store and repository, and a list of the changes that they made. */
class Party {
  readonly creds = initAuthCreds()
  readonly changes: Change[] = []
  readonly jid: string
  readonly inbox = new Inbox([])
  readonly keys: ReturnType<typeof addTransactionCapability>
  readonly repository: ReturnType<ReturnType<typeof wrapRepository>>
  #nextPreKey = 1

  constructor(user: string) {
    this.jid = `${user}@lid`
    const cipher = makeCipher(Buffer.alloc(32), user)
    const backend = {
      record: (change: Change) => this.changes.push(change),
      readKeys: async (): Promise<KeyEntry[]> => [],
      ackedChange: 0,
    }
    const store = new SessionStore({ keys: [], cipher, backend, onEvents: () => {} })
    const view = store.open()
    this.keys = addTransactionCapability(view.keys, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 })
    this.repository = wrapRepository({
      inbox: this.inbox,
      view,
      me: () => ({ id: this.jid, lid: this.jid }),
      toEvent: ({ key }, proof, isMalformed) => ({
        event: { idEvent: `evt_${key.id}`, ...(isMalformed && { isMalformed }) },
        proof,
      }),
      peers: new PeerMessages({ store, me: () => this.creds, log: makeLog('silent') }),
      undecryptable: () => {},
    })({ creds: this.creds, keys: this.keys }, logger, async () => [])
  }

  async bundle() {
    const keyId = this.#nextPreKey++
    const pair = Curve.generateKeyPair()
    await this.keys.set({ 'pre-key': { [keyId]: pair } })
    const { signedPreKey, registrationId, signedIdentityKey } = this.creds
    const withType = (key: Uint8Array) => Buffer.concat([Buffer.from([5]), key])
    return {
      registrationId,
      identityKey: withType(signedIdentityKey.public),
      signedPreKey: {
        keyId: signedPreKey.keyId,
        publicKey: withType(signedPreKey.keyPair.public),
        signature: signedPreKey.signature,
      },
      preKey: { keyId, publicKey: withType(pair.public) },
    }
  }

  async begin(other: Party): Promise<void> {
    await this.repository.injectE2ESession({ jid: other.jid, session: await other.bundle() })
  }

  encrypt(to: Party, content: string | proto.IMessage | Buffer) {
    if (Buffer.isBuffer(content)) return this.repository.encryptMessage({ jid: to.jid, data: content })
    const message = typeof content === 'string' ? { conversation: content } : content
    const data = Buffer.concat([proto.Message.encode(message).finish(), Buffer.from([1])])
    return this.repository.encryptMessage({ jid: to.jid, data })
  }

  /** Takes a message as a stanza, and gives its text back. */
  async receive(from: Party, { type, ciphertext }: { type: string; ciphertext: Uint8Array }, id: string) {
    const enc = { tag: 'enc', attrs: { type }, content: ciphertext }
    this.inbox.see({ tag: 'message', attrs: { id, from: from.jid, t: '1' }, content: [enc] })
    const plain = await this.repository.decryptMessage({
      jid: from.jid,
      type: type as 'msg' | 'pkmsg',
      ciphertext,
    })
    return proto.Message.decode(plain.subarray(0, -1)).conversation
  }
}

const meet = () => ({ ana: new Party('1001'), luis: new Party('1002') })

describe('the wrapped repository', () => {
  it('is made over a libsignal with its remedies', () => {
    expect(installed).toBe(true)
  })

  it('makes the ratchet’s step and the event one change', async () => {
    const { ana, luis } = meet()
    await ana.begin(luis)
    const message = await ana.encrypt(luis, 'hello')
    const before = luis.changes.length
    expect(await luis.receive(ana, message, 'A1')).toBe('hello')
    const made = luis.changes.slice(before)
    expect(made).toHaveLength(1)
    expect(made[0]!.events).toMatchObject([{ event: { idEvent: 'evt_A1' } }])
    expect(made[0]!.keys!.map(({ type }) => type).sort()).toEqual(['identity-key', 'pre-key', 'session'])
  })

  it.each([
    ['no message', Buffer.from([0x0a, 9, 0x61, 1])],
    ['padded with more than there is', Buffer.from([1, 99])],
    [
      'more envelopes in one another than the stack bears',
      Buffer.concat([envelopes(50_000), Buffer.from([1])]),
    ],
  ])(
    'tells of a plaintext that is %s in the same change, and shows Baileys an empty message',
    async (_, bytes) => {
      const { ana, luis } = meet()
      await ana.begin(luis)
      const before = luis.changes.length
      expect(await luis.receive(ana, await ana.encrypt(luis, bytes), 'A1')).toBeNull()
      const made = luis.changes.slice(before)
      expect(made).toHaveLength(1)
      expect(made[0]!.events).toMatchObject([{ event: { idEvent: 'evt_A1', isMalformed: true } }])
      expect(await luis.receive(ana, await ana.encrypt(luis, 'next'), 'A2')).toBe('next')
    },
  )

  it('tells of a reaction to nothing, over which Baileys would stumble', async () => {
    const { ana, luis } = meet()
    await ana.begin(luis)
    const before = luis.changes.length
    expect(await luis.receive(ana, await ana.encrypt(luis, { reactionMessage: {} }), 'A1')).toBeNull()
    expect(luis.changes.slice(before)).toMatchObject([{ events: [{ event: { idEvent: 'evt_A1' } }] }])
  })

  it('makes neither when the message cannot be decrypted', async () => {
    const { ana, luis } = meet()
    await ana.begin(luis)
    const { type, ciphertext } = await ana.encrypt(luis, 'hello')
    const broken = Buffer.from(ciphertext)
    broken[broken.length - 16]! ^= 1
    const before = luis.changes.length
    await expect(luis.receive(ana, { type, ciphertext: broken }, 'A1')).rejects.toThrow('Bad MAC')
    expect(luis.changes).toHaveLength(before)
  })

  it('answers a redelivered stanza without touching the ratchet', async () => {
    const { ana, luis } = meet()
    await ana.begin(luis)
    const message = await ana.encrypt(luis, 'hello')
    await luis.receive(ana, message, 'A1')
    luis.inbox.remember({ idEvent: 'evt_A1', proof: luis.changes.at(-1)!.events![0]!.proof })
    const before = luis.changes.length
    expect(await luis.receive(ana, message, 'A1')).toBeNull()
    expect(luis.changes).toHaveLength(before)
    expect(luis.inbox.wasHandled({ remoteJid: ana.jid, id: 'A1' })).toBe(true)
  })

  it('keeps what the account’s own phone shares in the change that decrypts it, and redelivered answers it', async () => {
    const { ana } = meet()
    const phone = new Party('1001')
    await phone.begin(ana)
    const type = proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE
    const share = { protocolMessage: { type, appStateSyncKeyShare: { keys: [] } } }
    const message = await phone.encrypt(ana, share)
    const before = ana.changes.length
    await ana.receive(phone, message, 'P1')
    const made = ana.changes.slice(before)
    expect(made).toHaveLength(1)
    expect(made[0]!.keys!.map((key) => key.type)).toEqual(expect.arrayContaining(['session', peerType]))
    expect(await ana.receive(phone, message, 'P1')).toBeNull()
    expect(ana.changes.slice(before)).toHaveLength(1)
  })

  it('records the counter of what is encrypted before Baileys’ sending transaction ends', async () => {
    const { ana, luis } = meet()
    await ana.begin(luis)
    await ana.keys.transaction(async () => {
      const before = ana.changes.length
      await ana.encrypt(luis, 'hello')
      expect(ana.changes.length).toBe(before + 1)
    }, ana.jid)
  })

  it('records the counter of what is encrypted for a group before Baileys’ sending transaction ends', async () => {
    const { ana } = meet()
    const message = { group: '120363000000000001@g.us', meId: ana.jid, data: Buffer.from('hello') }
    await ana.repository.encryptGroupMessage(message)
    await ana.keys.transaction(async () => {
      const before = ana.changes.length
      await ana.repository.encryptGroupMessage(message)
      expect(ana.changes.length).toBe(before + 1)
    }, ana.jid)
  })

  it('does not wait for itself when it encrypts for its own JID while sending', async () => {
    const { ana } = meet()
    const own = new Party('1001')
    await ana.begin(own)
    await ana.keys.transaction(() => ana.encrypt(own, 'to myself'), ana.jid)
  })

  it('reads messages both ways after both sides wrote first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { ana, luis } = meet()
      await Promise.all([ana.begin(luis), luis.begin(ana)])
      const [fromAna, fromLuis] = await Promise.all([ana.encrypt(luis, 'a1'), luis.encrypt(ana, 'l1')])
      expect(await luis.receive(ana, fromAna, 'A1')).toBe('a1')
      expect(await ana.receive(luis, fromLuis, 'L1')).toBe('l1')
      for (const text of ['2', '3', '4']) {
        const [one, two] = [await ana.encrypt(luis, `a${text}`), await luis.encrypt(ana, `l${text}`)]
        expect(await luis.receive(ana, one, `A${text}`)).toBe(`a${text}`)
        expect(await ana.receive(luis, two, `L${text}`)).toBe(`l${text}`)
      }
    }
  })

  it('refuses a contact whose signed pre-key was not signed by it', async () => {
    const { ana, luis } = meet()
    const session = await luis.bundle()
    session.signedPreKey.publicKey = Buffer.concat([Buffer.from([5]), Curve.generateKeyPair().public])
    await expect(ana.repository.injectE2ESession({ jid: luis.jid, session })).rejects.toThrow('signature')
  })

  it('has libsignal print nothing, whatever happens to sessions', async () => {
    const spies = (['log', 'info', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name))
    const { ana, luis } = meet()
    await Promise.all([ana.begin(luis), luis.begin(ana)])
    await luis.receive(ana, await ana.encrypt(luis, 'x'), 'A1')
    await ana.begin(luis)
    await luis.receive(ana, await ana.encrypt(luis, 'y'), 'A2')
    await luis.receive(ana, { type: 'msg', ciphertext: Buffer.alloc(60, 51) }, 'A3').catch(() => {})
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  })
})
