/**
 * Cloudflare's static assets on one's own machine: workerd's disk service with content types, `index.html` for
 * directories and entity tags. Run by workerd as it is, hence JavaScript.
 */
const contentTypes = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  mjs: 'text/javascript; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff2: 'font/woff2',
}

export default {
  /** @param {Request} request @param {{ FILES: { fetch: typeof fetch } }} env */
  async fetch(request, env) {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response('Method Not Allowed', { status: 405, headers: { allow: 'GET, HEAD' } })
    }
    const { pathname } = new URL(request.url)
    for (const path of candidates(pathname)) {
      const file = await env.FILES.fetch(`http://assets${path}`, { method: request.method })
      if (!file.ok || file.headers.get('content-type') === 'application/json') {
        await file.body?.cancel()
        continue
      }
      const etag = `W/"${file.headers.get('content-length')}-${Date.parse(file.headers.get('last-modified') ?? '')}"`
      const headers = {
        'content-type': contentTypes[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
        'cache-control': 'public, max-age=0, must-revalidate',
        etag,
      }
      if (request.headers.get('if-none-match') === etag) {
        await file.body?.cancel()
        return new Response(null, { status: 304, headers })
      }
      return new Response(file.body, { headers })
    }
    return new Response('Not Found', { status: 404 })
  },
}

/** The files that a path may mean; the disk service answers `application/json` for directories alone. */
function candidates(pathname) {
  return pathname.endsWith('/')
    ? [`${pathname}index.html`]
    : [pathname, `${pathname}.html`, `${pathname}/index.html`]
}
