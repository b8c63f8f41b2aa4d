/** Random programs through all modes; `pnpm fuzz` takes more of them. */
import { controlGraphs, scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { disagreement } from './support/all-modes.ts';

test.each([
  ['scalar', scalarGraphs({ maxSteps: 12 }), 460],
  ['tensor', tensorGraphs({ maxSteps: 6 }), 460],
  ['loops and branches', controlGraphs({ maxSteps: 3 }), 80],
] as const)(
  'all modes agree on random programs: %s',
  (_name, programs, numRuns) => {
    fc.assert(
      fc.property(programs, (recipe) => {
        expect(disagreement(recipe)).toBeUndefined();
      }),
      { numRuns },
    );
  },
  120_000,
);
