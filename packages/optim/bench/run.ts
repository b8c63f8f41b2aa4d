/**
 * The time of a call per workload: all take turns, and the least and the median of the rounds are printed.
 *
 * Run with `tsx -C @ad/source packages/optim/bench/run.ts [part of a name] [--report]`.
 */
import { compile } from '@ad/compiler';
import type { Program } from '@ad/graph';
import { WORKLOADS } from './workloads.ts';

const ROUNDS = 21;
/** How long one measurement takes at least, milliseconds. */
const SLICE = 10;

/** Microseconds per call. */
function time(program: Program, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) program.execute();
  return ((performance.now() - start) / calls) * 1000;
}

const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const cases = Object.entries(WORKLOADS)
  .filter(([name]) => parts.length === 0 || parts.some((part) => name.includes(part)))
  .map(([, build]) => {
    const { name, spec, precision } = build();
    const program = compile(spec, { precision });
    // Twice, so that the second estimate is made by optimised code.
    for (let i = 0; i < 30; i++) time(program, 10);
    const calls = Math.ceil((SLICE * 1000) / time(program, 20));
    return { name, program, calls, samples: [] as number[] };
  });
for (let round = 0; round < ROUNDS; round++)
  for (const { program, calls, samples } of cases) samples.push(time(program, calls));
for (const { name, program, samples } of cases) {
  samples.sort((a, b) => a - b);
  const [best, median] = [samples[0]!, samples[ROUNDS >> 1]!].map((t) => t.toFixed(2).padStart(9));
  console.log(`${name.padEnd(20)} best ${best} us, median ${median} us`);
  if (process.argv.includes('--report')) console.log(program.report());
}
