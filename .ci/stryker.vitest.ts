/**
 * Tests as the mutation run needs them: packages from their sources in this folder, not through `node_modules`, whose
 * links lead out of the copy that is mutated; and none of the documented examples.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const sourceOf = (name: string, entry = 'index.ts'): string =>
  fileURLToPath(new URL(`../packages/${name}/src/${entry}`, import.meta.url));

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: {
    alias: [
      { find: '@ad/backprop/testing', replacement: sourceOf('backprop', 'testing/index.ts') },
      { find: '@ad/graph/rows', replacement: sourceOf('graph', 'rows.ts') },
      ...['graph', 'compiler', 'backprop'].map((name) => ({
        find: new RegExp(`^@ad/${name}$`),
        replacement: sourceOf(name),
      })),
    ],
  },
  test: {
    setupFiles: ['./.ci/fast-check-setup.ts'],
    testTimeout: 30_000,
    include: (process.env['MUTATION_TESTS'] ?? 'packages/{graph,backprop}/test/**/*.test.ts').split(
      ' ',
    ),
  },
});
