import { type BinaryNode, type ChatMutation, decodeSyncdPatch, proto, type WAPatchName } from 'baileys'
import type { Companion } from './companion.ts'
import { groupQueries } from './group-queries.ts'
import { bytesOf, child, children, node } from './node.ts'
import type { Phone } from './phone.ts'
import type { World } from './world.ts'

export interface Asker {
  world: World
  phone: Phone
  companion: Companion
}

/** Children of the result; an error makes an `<iq type="error">`. */
export type Answer = BinaryNode[] | { error: string; text: string }

type Query = (iq: BinaryNode, asker: Asker) => Answer | Promise<Answer>

const nothing: Query = () => []

function deviceOf(jid: string): number {
  return Number(jid.split('@')[0]!.split(':')[1] ?? 0)
}

function userOf(jid: string): string {
  return jid.replace(/:\d+@/, '@')
}

async function bundleOf(jid: string, { world }: Asker): Promise<BinaryNode> {
  const person = world.personOf(jid)
  if (!person) return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })])
  const device = deviceOf(jid)
  if (device === 0) return person.device.bundle(jid)
  const companion = (person as Phone).companions?.get(device)
  return companion ? companion.bundle(jid) : node('user', { jid }, [node('error', { code: '404' })])
}

/** One `<user>` of a usync answer: devices, LID, existence, as asked. */
function syncUser(user: BinaryNode, asked: Set<string>, { world }: Asker): BinaryNode {
  const phoneNumber = bytesOf(child(user, 'contact')).toString().replace(/^\+/, '')
  const jid = user.attrs['jid'] ? userOf(user.attrs['jid']) : `${phoneNumber}@s.whatsapp.net`
  const person = world.personOf(jid)
  const answer: BinaryNode[] = []
  if (asked.has('contact')) answer.push(node('contact', { type: person ? 'in' : 'out' }))
  if (asked.has('devices')) {
    const companions = [...((person as Phone | undefined)?.companions?.keys() ?? [])]
    const devices = companions.map((id) => node('device', { id: `${id}`, 'key-index': `${id}` }))
    answer.push(
      node('devices', {}, [
        node('device-list', {}, [...(person ? [node('device', { id: '0' })] : []), ...devices]),
      ]),
    )
  }
  if (asked.has('lid') && person && !jid.endsWith('@lid')) answer.push(node('lid', { val: person.lidJid }))
  if (asked.has('status')) answer.push(node('status', { t: '0' }, Buffer.from('Hey there!')))
  if (asked.has('disappearing_mode')) answer.push(node('disappearing_mode', { duration: '0', t: '0' }))
  return node('user', { jid }, answer)
}

const usync: Query = (iq, asker) => {
  const request = child(iq, 'usync')
  const asked = new Set(children(child(request, 'query')).map(({ tag }) => tag))
  const users = children(child(request, 'list'), 'user').map((user) => syncUser(user, asked, asker))
  return [node('usync', {}, [node('result'), node('list', {}, users)])]
}

/** Reads a client's changes to the state that the account's devices share. */
async function takePatch(collection: BinaryNode, { phone }: Asker): Promise<void> {
  const element = child(collection, 'patch')
  if (!element) return
  const patch = proto.SyncdPatch.decode(bytesOf(element))
  const name = collection.attrs['name'] as WAPatchName
  const state = { version: 0, hash: Buffer.alloc(128), indexValueMap: {} }
  const keyOf = async (id: string) => phone.stateKeys.get(id) as proto.Message.AppStateSyncKeyData
  const take = ({ syncAction }: ChatMutation) => {
    phone.chosenName = syncAction.value?.pushNameSetting?.name ?? phone.chosenName
  }
  await decodeSyncdPatch(patch, name, state, keyOf, take, false)
}

const collections: Query = async (iq, asker) => {
  const asked = children(child(iq, 'sync'), 'collection')
  for (const collection of asked) await takePatch(collection, asker)
  return [
    node(
      'sync',
      {},
      asked.map(({ attrs }) =>
        node('collection', { name: attrs['name'], version: attrs['version'] ?? '0', type: 'result' }),
      ),
    ),
  ]
}

const privacy = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd', 'messages']

/** Everything that Baileys asks, by `xmlns:type:first child`. */
const queries: Record<string, Query> = {
  'encrypt:get:count': (_, { companion }) => [node('count', { value: `${companion.preKeyCount}` })],
  'encrypt:get:digest': () => [node('digest', {}, [node('registration', {}, Buffer.alloc(4))])],
  'encrypt:set:registration': (iq, { companion }) => (companion.takeKeys(iq), []),
  'encrypt:set:rotate': (iq, { companion }) => (companion.takeKeys(iq), []),
  'encrypt:get:key': async (iq, asker) => {
    const users = children(child(iq, 'key'), 'user')
    return [node('list', {}, await Promise.all(users.map(({ attrs }) => bundleOf(attrs['jid']!, asker))))]
  },
  'passive:set:active': nothing,
  'abt:get:props': () => [
    node('props', { hash: 'h' }, [node('prop', { config_code: '10518', config_value: '1' })]),
  ],
  'blocklist:get:': (_, { phone }) => [
    node(
      'list',
      {},
      [...phone.blocked].map(({ lidJid }) => node('item', { jid: lidJid })),
    ),
  ],
  'blocklist:set:item': (iq, { phone, world }) => {
    const { jid = '', action, pn_jid: number } = child(iq, 'item')!.attrs
    const person = world.personOf(jid)
    if (!person || (action === 'block' && number !== person.pnJid))
      return { error: '400', text: 'bad-request' }
    if (action === 'block') phone.blocked.add(person)
    else phone.blocked.delete(person)
    return []
  },
  'privacy:get:privacy': () => [
    node(
      'privacy',
      {},
      privacy.map((name) => node('category', { name, value: 'all' })),
    ),
  ],
  'privacy:set:privacy': nothing,
  'privacy:set:tokens': nothing,
  'w:sync:app:state:set:sync': collections,
  'w:p:get:ping': nothing,
  'w:p:get:': nothing,
  'usync:get:usync': usync,
  'w:m:set:media_conn': (_, { world }) => [
    node('media_conn', { auth: 'simulated', ttl: '300', max_buckets: '1' }, [
      node('host', { hostname: world.mediaHost.address }),
    ]),
  ],
  'w:profile:picture:get:picture': (iq, { world }) => {
    const url = world.personOf(iq.attrs['target'] ?? '')?.pictureUrl
    return url ? [node('picture', { id: '1', type: 'image', url })] : { error: '404', text: 'item-not-found' }
  },
  'w:profile:picture:set:picture': (iq, { phone }) => {
    phone.picture = bytesOf(child(iq, 'picture'))
    phone.pictureUrl = `https://pps.whatsapp.net/${phone.number}/${phone.picture.length}.jpg`
    return [node('picture', { id: '1' })]
  },
  'w:profile:picture:set:': (_, { phone }) => {
    phone.picture = undefined
    phone.pictureUrl = undefined
    return []
  },
  'status:set:status': nothing,
  'disappearing_mode:set:disappearing_mode': nothing,
  'urn:xmpp:whatsapp:dirty:set:clean': nothing,
  'w:stats:set:add': nothing,
  'w:biz:get:business_profile': () => [node('business_profile')],
  'w:mex:get:query': () => [node('result', {}, Buffer.from('{"data":{}}'))],
  'md:set:remove-companion-device': (_, { phone, companion }) => {
    setImmediate(() => phone.unlink(companion))
    return []
  },
  ...groupQueries,
}

/** Answers a query; undefined when the simulator does not know it. */
export function answerQuery(iq: BinaryNode, asker: Asker): Answer | Promise<Answer> | undefined {
  const { xmlns = '', type = '' } = iq.attrs
  const first = children(iq)[0]?.tag ?? ''
  return queries[`${xmlns}:${type}:${first}`]?.(iq, asker)
}
