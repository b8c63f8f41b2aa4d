/** Random programs through all modes; `pnpm fuzz` takes more of them. */
import { scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disagreement } from './support/all-modes.ts';

test.each([
  ['scalar', scalarGraphs({ maxSteps: 12 })],
  ['tensor', tensorGraphs({ maxSteps: 6 })],
] as const)(
  'all modes agree on random programs: %s',
  (_name, programs) => {
    fc.assert(
      fc.property(programs, (recipe) => {
        expect(disagreement(recipe)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  },
  120_000,
);
