/**
 * Runs the evals on inputs of several sizes and prints the time of the primal function, that of the derivative, their
 * ratio, and the exponent with which the derivative grows with the work:
 *
 *   pnpm gradbench [eval ...] [--short] [--markdown]
 */
import { evals } from './evals.ts';
import { workloadsOf } from './generate.ts';
import { timed } from './timing.ts';

const words = process.argv.slice(2).filter((word) => word !== '--');
const isShort = words.includes('--short');
const isMarkdown = words.includes('--markdown');
const names = words.filter((word) => !word.startsWith('--'));
const stranger = names.find((name) => !evals.has(name));
if (stranger !== undefined) {
  console.error(`no eval ${JSON.stringify(stranger)}; there are ${[...evals.keys()].join(', ')}`);
  process.exit(2);
}
const seconds = isShort ? 0.05 : 1;

/** The median time in seconds of a function, and how long it took to prepare. */
function measure(eval_: string, name: string, input: unknown): { time: number; prepare: number } {
  const prepare = evals.get(eval_)!.functions[name]!;
  const { timings } = timed(prepare, input, 3, seconds);
  const times = timings.slice(1).map(({ nanoseconds }) => nanoseconds / 1e9);
  times.sort((a, b) => a - b);
  return { time: times[times.length >> 1]!, prepare: timings[0]!.nanoseconds / 1e9 };
}

function shown(time: number): string {
  const [value, unit] = time < 1e-3 ? [time * 1e6, 'us'] : [time * 1e3, 'ms'];
  return `${value.toPrecision(3)} ${unit}`;
}

const columns = ['eval', 'arguments', 'primal', 'derivative', 'ratio', 'exponent', 'prepared in'];
const print = (cells: readonly string[]): void => {
  if (isMarkdown) console.log(`| ${cells.join(' | ')} |`);
  else console.log(cells.map((cell, k) => cell.padEnd(k === 1 ? 26 : 12)).join(' '));
};
print(columns);
if (isMarkdown) print(columns.map(() => '---'));
for (const name of evals.keys()) {
  if (names.length > 0 && !names.includes(name)) continue;
  let before: { work: number; time: number } | undefined;
  for (const { size, work, primal, derivatives, input } of workloadsOf(name, isShort)) {
    const plain = primal === '' ? undefined : measure(name, primal, input);
    for (const derivative of derivatives) {
      const { time, prepare } = measure(name, derivative, input);
      const exponent =
        before === undefined || before.work === work
          ? ''
          : (Math.log(time / before.time) / Math.log(work / before.work)).toFixed(2);
      print([
        name,
        derivatives.length === 1 ? size : derivative,
        plain === undefined ? '' : shown(plain.time),
        shown(time),
        plain === undefined ? '' : (time / plain.time).toFixed(1),
        exponent,
        shown(prepare),
      ]);
      before = { work, time };
    }
  }
}
