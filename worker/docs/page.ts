import { Hono } from 'hono'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'

/**
 * The API reference at `/docs`: Scalar from our own assets. Nothing is fetched from elsewhere, and the browser is told to
 * refuse it if something tried.
 */
export const docsRoutes = new Hono<AppEnv>()

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>ChatLink API</title>
  </head>
  <body>
    <div id="reference"></div>
    <script src="/assets/scalar.js"></script>
    <script src="/assets/docs.js"></script>
  </body>
</html>
`

docsRoutes.get('/docs', (context) => {
  context.header('content-security-policy', policy)
  return context.html(page)
})

docsRoutes.get('/assets/:name', async (context) => {
  const name = context.req.param('name')
  const known = context.req.header('if-none-match')
  const asset = await context.env.ASSETS.fetch(
    new Request(new URL(`/${encodeURIComponent(name)}`, context.req.url), {
      headers: known ? { 'if-none-match': known } : {},
    }),
  )
  if (asset.status >= 400) throw new ApiError('notFound', `There is no file ${name}.`)
  return new Response(asset.body, asset)
})
