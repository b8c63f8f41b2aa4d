/**
 * Writes the tables of `optimization.md`: `pnpm --filter @ad/docs run optimization`. Tests of `@ad/optim` hold every
 * problem to what the tables promise.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lbfgs, leastSquares, type Method, minimize, trustRegion } from '@ad/optim';
import {
  type TestProblem,
  testProblems,
} from '../packages/optim/test/problems/more-garbow-hillstrom.ts';
import { digitsOf, type NistProblem, nistProblems } from '../packages/optim/test/problems/nist.ts';

/** Where the page stands. */
export const page = fileURLToPath(new URL('optimization.md', import.meta.url));

const [BEGIN, END] = ['<!-- tables -->\n', '<!-- end of tables -->'];

/** The page with its tables made anew. */
export function optimizationPage(): string {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(BEGIN) as [string, string];
  const after = rest.split(END)[1]!;
  return `${before}${BEGIN}\n${nistSection()}\n\n${mghSection()}\n\n${END}${after}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The row of a regression: both starts, each with the digits of parameters and of errors and the steps. */
export function row(problem: NistProblem): (string | number)[] {
  const fits = problem.starts.map((start) =>
    leastSquares<readonly number[]>(problem.residuals, start),
  );
  const digits = (values: readonly number[], certified: readonly number[]): string =>
    digitsOf(values, certified).toFixed(1);
  return [
    problem.name,
    problem.difficulty,
    fits[0]!.residuals.size,
    problem.certified.length,
    ...fits.flatMap((fit) => [
      digits(fit.minimizer, problem.certified),
      digits(fit.standardErrors!, problem.deviations),
      fit.iterations,
    ]),
  ];
}

function nistSection(): string {
  return [
    '### The nonlinear regressions of NIST',
    '',
    'All 27 problems of the Statistical Reference Datasets, by `leastSquares` with its defaults from both starts. Digits',
    'are the negative logarithm of the relative error against the certified values, of the worst parameter and of the',
    'worst standard error; certified values have 11. The residuals of Lanczos1 are the rounding of its data to 14 digits,',
    'so double precision does not know their size.',
    '',
    table(
      [
        'problem',
        'difficulty',
        'data',
        'parameters',
        'digits from start 1',
        'of the errors',
        'steps',
        'digits from start 2',
        'of the errors',
        'steps',
      ],
      nistProblems.map(row),
    ),
  ].join('\n');
}

function mghSection(): string {
  const row = ({ number, name, start, residuals, minima }: TestProblem): (string | number)[] => {
    const fit = leastSquares<Float64Array>(residuals, start);
    const by = (method: Method): string => {
      const { value, evaluations, stop } = minimize<Float64Array>(
        (x) => residuals(x).square().sum(),
        start,
        { method },
      );
      const end = stop.kind === 'gradient' ? '' : `, ${stop.kind}`;
      return `${short(value)} (${evaluations.value}${end})`;
    };
    return [
      number,
      name,
      start.length,
      fit.residuals.size,
      minima.map((minimum) => String(Number(minimum.toPrecision(6)))).join(', '),
      `${short(fit.value)} (${fit.evaluations.residuals})`,
      by(lbfgs()),
      by(trustRegion()),
    ];
  };
  return [
    '### The problems of Moré, Garbow and Hillstrom',
    '',
    'All 35, from their standard starts: the sum of squares at the end, and in parentheses the number of evaluations and',
    'the reason to stop if it is not a gradient of $10^{-8}$ (for `lbfgs` and `trustRegion`, which see the sum of squares',
    'only). Values that the paper gives to six digits are minima; where there are several, each is one, the least first.',
    "Meyer's problem (10) needs its structure: the condition of its Hessian is beyond what gradients in double precision",
    'can tell. Problem 4 has its solution a million away, which is a long way for a region of trust of 1000 at most.',
    '',
    table(
      ['', 'problem', '$n$', '$m$', 'minima', '`leastSquares`', '`lbfgs`', '`trustRegion`'],
      testProblems.map(row),
    ),
  ].join('\n');
}

/** Six digits; what is 0 but for rounding as a power of ten. */
function short(value: number): string {
  return value < 1e-11 ? value.toExponential(0) : String(Number(value.toPrecision(6)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, optimizationPage());
