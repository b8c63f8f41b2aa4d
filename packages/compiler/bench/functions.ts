/**
 * Elementary functions: nanoseconds per element of a loop over an array that stays in the first cache.
 *
 * Run with `tsx -C @ad/source packages/compiler/bench/functions.ts [name...]`.
 */
import type { Precision } from '../src/index.ts';
import { vectorMath } from '../src/code/vector-math.ts';
import { functionRows } from '../../graph/test/support/functions.ts';
import { compileLoop } from '../test/support/vector-function.ts';

const LENGTH = 1024;
const ROUNDS = 15;

const given = process.argv.slice(2);
const precisions: readonly Precision[] = ['f32', 'f64'];
const math = vectorMath(new Map(functionRows.map((row) => [row.name, row])));
const names = Object.keys(math).filter((name) => given.length === 0 || given.includes(name));
const cases = precisions.flatMap((precision) =>
  names.map((name) => {
    const arity = ['pow', 'atan2', 'hypot'].includes(name) ? 2 : 1;
    const loop = compileLoop(name, arity, precision, LENGTH, math);
    for (const operand of loop.operands)
      operand.forEach((_, i) => (operand[i] = ((i * 7919) % LENGTH) / LENGTH + 0.01));
    return { name, precision, loop, samples: [] as number[] };
  }),
);
function time(run: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return ((performance.now() - start) / calls / LENGTH) * 1e6;
}
for (const { loop } of cases) time(loop.execute, 1000);
for (let round = 0; round < ROUNDS; round++)
  for (const { loop, samples } of cases) samples.push(time(loop.execute, 300));
for (const { name, precision, samples } of cases) {
  samples.sort((a, b) => a - b);
  const [best, median] = [samples[0]!, samples[ROUNDS >> 1]!].map((t) => t.toFixed(2).padStart(6));
  console.log(`${precision} ${name.padEnd(10)} best ${best} ns, median ${median} ns an element`);
}
