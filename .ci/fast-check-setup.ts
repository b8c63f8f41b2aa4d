/**
 * Property tests draw the same cases in every run, so that a failure is a fact and not a chance.
 *
 *   FC_SEED=7 pnpm test      draws others
 *   FC_RUNS=20 pnpm test     draws 20 times as many, where a test leaves their number open
 */

import fc from 'fast-check';

const seed = Number(process.env['FC_SEED'] ?? 20_260_101);
const multiplier = Number(process.env['FC_RUNS'] ?? 1);
if (!Number.isInteger(seed)) throw new RangeError('FC_SEED must be an integer');
if (!(multiplier > 0)) throw new RangeError('FC_RUNS must be a positive number');

fc.configureGlobal({ seed, numRuns: Math.ceil(100 * multiplier) });
