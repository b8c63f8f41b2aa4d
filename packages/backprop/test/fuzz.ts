/**
 * Random programs through all modes of differentiation and evaluation, as many as asked for:
 *
 *   pnpm fuzz               a thousand programs
 *   pnpm fuzz 100000 7      so many, from this seed on
 *
 * Two fifths are scalar graphs, two fifths graphs of arrays, and a fifth has loops and branches. The same seed draws the
 * same programs. A disagreement is printed with the smallest program that has it, and the exit code is 1.
 */
import { controlGraphs, scalarGraphs, tensorGraphs, type Recipe } from '@ad/backprop/testing';
import fc from 'fast-check';
import { disagreement } from './support/all-modes.ts';

const BATCH = 500;

const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
if (!(count > 0) || !Number.isInteger(seed)) {
  console.error('usage: pnpm fuzz [number of programs] [seed, an integer]');
  process.exit(2);
}
const [scalars, tensors, controls] = [scalarGraphs(), tensorGraphs(), controlGraphs()];
const generators: readonly fc.Arbitrary<Recipe>[] = [scalars, tensors, scalars, tensors, controls];
const start = performance.now();
const operations = new Map<string, number>();
let [programs, failures] = [0, 0];
for (let batch = 0; programs < count; batch++) {
  const result = fc.check(
    fc.property(generators[batch % 5]!, (recipe) => {
      for (const { operation } of recipe.steps)
        operations.set(operation, (operations.get(operation) ?? 0) + 1);
      const found = disagreement(recipe);
      if (found !== undefined) throw new Error(found);
    }),
    { seed: seed + batch, numRuns: Math.min(BATCH, count - programs) },
  );
  programs += result.numRuns;
  if (result.failed) {
    failures++;
    console.log(
      `seed ${seed + batch}, program ${result.numRuns}, path ${result.counterexamplePath}`,
    );
    console.log(String(result.counterexample?.[0]));
    console.log(String(result.errorInstance));
  }
  if (batch % 10 === 9 || programs >= count) {
    const minutes = ((performance.now() - start) / 60_000).toFixed(1);
    console.log(`${programs} programs in ${minutes} minutes, ${failures} failed`);
  }
}
console.log(`${operations.size} operations: ${[...operations.keys()].sort().join(', ')}`);
process.exit(failures === 0 ? 0 : 1);
