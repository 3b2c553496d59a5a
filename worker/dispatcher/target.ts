import { fail, succeed, type Result } from '../result.ts'

/**
 * Where webhooks may go. Checked when a URL is saved and again when it is used. The URL parser of the platform undoes
 * disguises (decimal, octal and hexadecimal addresses, full-width digits, upper case) before a host is looked at.
 * What a name resolves to is not known here: on Cloudflare `global_fetch_strictly_public` and on one's own machine the
 * network's allow and deny lists of workerd refuse private addresses after DNS.
 */
export type TargetRefusal =
  | 'urlInvalid'
  | 'notHttps'
  | 'credentialsInUrl'
  | 'fragmentInUrl'
  | 'portRefused'
  | 'ipLiteral'
  | 'privateHost'
  | 'ownHost'

export interface TargetPolicy {
  /** Opens http, loopback and private names, for development. */
  allowPrivate: boolean
  /** Where this installation is reached: `https://chatlink.example`, or empty when unknown. */
  publicUrl?: string | undefined
}

export const ownHostDetail = 'Use a host of your own; this one is ChatLink itself.'

/** What the configuration says of targets. */
export function targetPolicyOf(config: {
  CHATLINK_ALLOW_PRIVATE_TARGETS: boolean
  CHATLINK_PUBLIC_URL?: string | undefined
}): TargetPolicy {
  return { allowPrivate: config.CHATLINK_ALLOW_PRIVATE_TARGETS, publicUrl: config.CHATLINK_PUBLIC_URL }
}

const maxUrlCharacters = 2048

/** Mail, and what browsers refuse for the same reason: these servers take the lines of an HTTP request for commands. */
const refusedPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  2525, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
  11211,
])

/** Names that no public resolver answers, or that mean something inside a network. */
const privateSuffixes = [
  'localhost',
  'local',
  'localdomain',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'arpa',
  'onion',
  'test',
  'invalid',
] as const

/** Checks a subscriber's URL; the detail may be shown to whoever entered it. */
export function checkTargetUrl(text: string, policy: TargetPolicy): Result<{ url: URL }, TargetRefusal> {
  if (text.length > maxUrlCharacters || /[\s\\]|\p{Cc}/u.test(text)) {
    return fail(
      'urlInvalid',
      `Use a URL of at most ${maxUrlCharacters} characters without spaces or backslashes.`,
    )
  }
  const url = URL.parse(text)
  if (!url || url.hostname === '')
    return fail('urlInvalid', 'Use a complete URL such as https://example.com/webhook.')
  if (url.protocol !== 'https:' && !(policy.allowPrivate && url.protocol === 'http:')) {
    return fail('notHttps', 'Use a URL that begins with https://.')
  }
  if (url.username !== '' || url.password !== '' || text.split(/[/?#]/)[2]?.includes('@')) {
    return fail('credentialsInUrl', 'Leave name and password out of the URL; use a custom header instead.')
  }
  if (text.includes('#')) return fail('fragmentInUrl', 'Leave out the part of the URL from # on.')
  if (url.port !== '' && refusedPorts.has(Number(url.port))) {
    return fail('portRefused', 'Use another port; this one is kept for another kind of server.')
  }
  return checkHost(url, policy)
}

function checkHost(url: URL, policy: TargetPolicy): Result<{ url: URL }, TargetRefusal> {
  const host = plainHost(url)
  const own = policy.publicUrl ? URL.parse(policy.publicUrl) : null
  if (own && isOwn(host, url, own)) return fail('ownHost', ownHostDetail)
  const isLiteral = host.startsWith('[') || /^[\d.]+$/.test(host)
  if (policy.allowPrivate) {
    return isLinkLocal(host) ? fail('ipLiteral', 'This address is never allowed.') : succeed({ url })
  }
  if (isLiteral) return fail('ipLiteral', 'Use a host name, not an IP address.')
  const labels = host.split('.')
  const last = labels.at(-1) ?? ''
  if (labels.length < 2 || labels.includes('') || privateSuffixes.some((suffix) => suffix === last)) {
    return fail('privateHost', 'Use a host name that can be reached from the internet.')
  }
  return succeed({ url })
}

/** Our own host and its subdomains; of a loopback host, only our own port, since others live there in development. */
function isOwn(host: string, url: URL, own: URL): boolean {
  const ownHost = plainHost(own)
  if (isLoopback(ownHost)) return isLoopback(host) && url.port === own.port
  return host === ownHost || host.endsWith(`.${ownHost}`)
}

/**
 * Whether a URL leads where a request has come in: the same host, under any name of loopback, and the same port. The name that
 * a request gives is its caller's, so it judges that request alone.
 */
export function isDoor(target: string, door: string): boolean {
  const [one, other] = [URL.parse(target), URL.parse(door)]
  if (!one || !other || one.port !== other.port) return false
  const [host, doorHost] = [plainHost(one), plainHost(other)]
  return host === doorHost || (isLoopback(host) && isLoopback(doorHost))
}

function isLinkLocal(host: string): boolean {
  return host.startsWith('169.254.') || /^\[(fe[89ab][0-9a-f]:|::ffff:a9fe:|64:ff9b::a9fe:)/.test(host)
}

function isLoopback(host: string): boolean {
  return /^(127\.|0\.0\.0\.0$|(.+\.)?localhost$|\[::1?\]$|\[::ffff:7f)/.test(host)
}

function plainHost(url: URL): string {
  return url.hostname.toLowerCase().replace(/\.$/, '')
}
