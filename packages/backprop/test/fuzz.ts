/**
 * Random programs through all modes of differentiation and evaluation, as many as asked for:
 *
 *   pnpm fuzz               a thousand programs
 *   pnpm fuzz 100000 7      so many, from this seed on
 *
 * Half of them are scalar graphs, half graphs of arrays; of each thousand, twenty more have loops and branches in one
 * another. The same seed draws the same programs. A disagreement is printed with the smallest program that has it, and
 * the exit code is 1.
 */
import { scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { disagreement, type Program, programOf } from './support/all-modes.ts';
import { controlPrograms } from './support/control-programs.ts';

const BATCH = 500;
const LOOPS = 20;

const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
if (!(count > 0) || !Number.isInteger(seed)) {
  console.error('usage: pnpm fuzz [number of programs] [seed, an integer]');
  process.exit(2);
}
const generators: readonly fc.Arbitrary<Program>[] = [
  scalarGraphs().map(programOf),
  tensorGraphs().map(programOf),
  controlPrograms,
];
const sizes = [BATCH, BATCH, LOOPS];
const start = performance.now();
const operations = new Set<string>();
let [programs, failures] = [0, 0];
for (let batch = 0; programs < count; batch++) {
  const result = fc.check(
    fc.property(generators[batch % 3]!, (program) => {
      const { graph } = program.build();
      for (const { name } of graph.arena.rows) operations.add(name);
      const found = disagreement(program);
      if (found !== undefined) throw new Error(found);
    }),
    { seed: seed + batch, numRuns: Math.min(sizes[batch % 3]!, count - programs) },
  );
  programs += result.numRuns;
  if (result.failed) {
    failures++;
    console.log(
      `seed ${seed + batch}, program ${result.numRuns}, path ${result.counterexamplePath}`,
    );
    console.log(result.counterexample?.[0].toString());
    console.log(String(result.errorInstance));
  }
  if (batch % 20 === 19 || programs >= count) {
    const minutes = ((performance.now() - start) / 60_000).toFixed(1);
    console.log(`${programs} programs in ${minutes} minutes, ${failures} failed`);
  }
}
console.log(`${operations.size} operations: ${[...operations].sort().join(', ')}`);
process.exit(failures === 0 ? 0 : 1);
