import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const filesDirectory = mkdtempSync(join(tmpdir(), 'chatlink-test-files-'))

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      // It would print each error that passes between two Workers, a caught one, too, as an "uncaught exception": of every
      // failed fetch (the tools' own Worker makes it) and of every method that throws. Vitest sees what nobody handles.
      verbose: false,
      miniflare: {
        bindings: {
          CHATLINK_ADMIN_TOKEN: 'admin-token-of-the-tests',
          CHATLINK_CONNECTOR_TOKEN: 'connector-token-of-the-tests',
          CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
          CHATLINK_RETRY_SCHEDULE: '5,30,120',
          LOG_LEVEL: 'silent',
        },
        serviceBindings: { FILES_DISK: { disk: { path: filesDirectory, writable: true } } },
      },
    }),
  ],
  // fsModuleCache: vitest's cache is on the machine's disk, which a test inside workerd cannot read.
  test: {
    name: 'worker',
    include: ['test/worker/**/*.test.ts'],
    globalSetup: ['test/worker/support/endpoint-setup.ts'],
    fsModuleCache: false,
    maxWorkers: '100%',
    testTimeout: 20_000,
  },
})
