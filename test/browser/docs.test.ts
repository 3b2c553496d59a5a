import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { type Stage, startStage } from '../support/stage.ts'

let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await startStage()
  browser = await openBrowser()
})

afterAll(async () => {
  await browser?.close()
  await stage?.close()
})

it('shows the API reference from this host alone, under its own strict policy', async () => {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  const foreign: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== new URL(stage.installation.url).origin)
      foreign.push(request.url())
  })
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  const answer = await page.goto(`${stage.installation.url}/docs`)
  expect(answer?.headers()['content-security-policy']).toContain("script-src 'self'")
  await page.getByText('Create a session').first().waitFor()
  await page
    .getByRole('button', { name: /Webhooks/ })
    .first()
    .click()
  await page.getByText('conversation').first().waitFor()
  if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'] })
  expect(foreign).toEqual([])
  expect(complaints).toEqual([])
})
