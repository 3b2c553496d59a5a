import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/{schema,openapi,docs,connector,whatsapp,host,chaos}/**/*.test.ts'],
          // Vitest leaves one core free, of two, too; but these tests wait half of their time.
          maxWorkers: '100%',
          testTimeout: 20_000,
        },
      },
      './vitest.worker.config.ts',
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          exclude: ['test/conformance/load.test.ts'],
          // Its cases wait most of their time, but what they wait for has to come in time: two files beside nothing else.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          maxConcurrency: 12,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          name: 'conformance-load',
          include: ['test/conformance/load.test.ts'],
          fileParallelism: false,
          maxConcurrency: 12,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/{system,browser}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
})
