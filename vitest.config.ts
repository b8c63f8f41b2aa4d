import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { collectExamples, outputFolder } from './docs/collect-examples.ts';

// The examples of the documentation are test files, made anew whenever tests are run.
collectExamples(fileURLToPath(new URL('.', import.meta.url)));

// Tests run from sources. Setting conditions replaces the defaults, so these are repeated.
const conditions = ['@ad/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    testTimeout: 30_000,
    reporters: ['default', './.ci/tally-reporter.ts'],
    setupFiles: ['./.ci/fast-check-setup.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text', 'html', 'json-summary'],
      thresholds: Object.fromEntries(
        ['graph', 'compiler', 'backprop', 'optim'].map((name) => [
          `packages/${name}/src/**/*.ts`,
          { lines: 95, branches: 95 },
        ]),
      ),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/*.test.ts', 'docs/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'documentation',
          include: [`${outputFolder}/**/*.test.ts`],
          // Hundreds of tiny files: one loaded copy of the packages serves them all.
          isolate: false,
        },
      },
    ],
  },
});
