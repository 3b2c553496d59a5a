import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** A real Chromium, headless, from an npm package: nothing is downloaded. It looks nothing up by itself. */
export async function openBrowser(): Promise<Browser> {
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs22.x'
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
  ]
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, '--no-first-run', ...quiet],
    headless: true,
  })
}
