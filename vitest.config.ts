import { defineConfig } from 'vitest/config'

// Setting conditions replaces the defaults, so they are repeated after our own.
const conditions = ['@ad/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/*.test.ts'],
    testTimeout: 30_000,
  },
})
