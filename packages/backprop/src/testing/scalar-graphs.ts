/**
 * Random scalar graphs. What is drawn is a list of instructions, each naming an operation and saying how far back its
 * operands are; whatever does not fit where it stands is replaced by something simpler. So every list means a graph,
 * and shrinking the list (fewer instructions, simpler operations, nearer operands) shrinks the graph.
 */
import { operations, type Tensor } from '@ad/graph';
import fc from 'fast-check';
import type { Recipe } from './recipe.ts';
import { scalar, type StepOperation, Workbench } from './workbench.ts';

/**
 * Which operations a random graph has.
 *
 * - `polynomial`: sums, differences, products, negatives and squares, of small integers; values and derivatives are
 *   integers below 2^52, so that double precision computes them exactly.
 * - `smooth`: besides, everything with continuous derivatives of all orders, away from poles.
 * - `all`: besides, maxima, absolute values, choices and other operations with kinks, away from the kinks.
 */
export type Vocabulary = 'polynomial' | 'smooth' | 'all';

/** Options of {@link scalarGraphs} and `tensorGraphs`. */
export interface GraphGeneratorOptions {
  /** Which operations; default `all`. */
  readonly operations?: Vocabulary;
  /** The most inputs; default 3. There is at least one. */
  readonly maxInputs?: number;
  /** The most operations drawn; default 16, of arrays 8. Some take further steps that keep values tame. */
  readonly maxSteps?: number;
  /** Whether steps may remain that the output does not depend on; default true. Else all loose ends are added up. */
  readonly deadBranches?: boolean;
}

const POLYNOMIAL: readonly StepOperation[] = ['add', 'mul', 'sub', 'neg', 'square'];

const SMOOTH: readonly StepOperation[] = [
  ...POLYNOMIAL,
  ...([
    'sin',
    'cos',
    'tanh',
    'exp',
    'log',
    'div',
    'sqrt',
    'pow',
    'reciprocal',
    'identity',
    'sigmoid',
  ] as const),
  ...([
    'softplus',
    'logSigmoid',
    'gelu',
    'silu',
    'expm1',
    'log1p',
    'log2',
    'log10',
    'erf',
    'erfc',
    'tan',
  ] as const),
  ...([
    'asin',
    'acos',
    'atan',
    'atan2',
    'sinh',
    'cosh',
    'asinh',
    'acosh',
    'atanh',
    'hypot',
  ] as const),
  ...([
    'rsqrt',
    'cbrt',
    'exp2',
    'logAddExp',
    'xlogy',
    'xlog1py',
    'sinc',
    'geluTanh',
    'mish',
    'lgamma',
    'digamma',
  ] as const),
];

const ALL: readonly StepOperation[] = [
  ...SMOOTH,
  ...(['where', 'abs', 'relu', 'maximum', 'minimum', 'leakyRelu', 'elu', 'clamp', 'sign'] as const),
  ...(['selu', 'softsign', 'floor', 'ceil', 'round', 'trunc', 'fmod', 'remainder'] as const),
];

/** The elementwise operations of each vocabulary, simplest first: shrinking goes that way. */
export const elementwise: Readonly<Record<Vocabulary, readonly StepOperation[]>> = {
  polynomial: POLYNOMIAL,
  smooth: SMOOTH,
  all: ALL,
};

/** What stands in for an operation that does not fit, by arity. */
const SUBSTITUTES = { polynomial: ['neg', 'neg', 'neg'], smooth: ['sin', 'sub', 'add'] } as const;

/** One instruction as it is drawn. */
interface Instruction {
  /** `null` for a constant. */
  readonly operation: StepOperation | null;
  readonly constant: Tensor;
  /** How far back each operand is. */
  readonly back: readonly number[];
}

/**
 * Random scalar graphs: shared nodes, repeated operands (`x * x`), constants and several inputs.
 *
 * @example
 * ```ts
 * import { reverseSweep } from '@ad/backprop';
 * import { scalarGraphs } from '@ad/backprop/testing';
 * import fc from 'fast-check';
 *
 * fc.assert(
 *   fc.property(scalarGraphs({ operations: 'smooth' }), (recipe) => {
 *     const { output, feeds } = recipe.build();
 *     return Number.isFinite(reverseSweep(output, { feeds }).value.item());
 *   }),
 * );
 * ```
 */
export function scalarGraphs(options: GraphGeneratorOptions = {}): fc.Arbitrary<Recipe> {
  const {
    operations: vocabulary = 'all',
    maxInputs = 3,
    maxSteps = 16,
    deadBranches = true,
  } = options;
  const isPolynomial = vocabulary === 'polynomial';
  const instruction: fc.Arbitrary<Instruction> = fc.record({
    operation: operationsOf(vocabulary),
    constant: numbersOf(isPolynomial, 3),
    back: fc.array(distances, { minLength: 4, maxLength: 4 }),
  });
  return fc
    .record({
      inputs: fc.array(numbersOf(isPolynomial, isPolynomial ? 5 : 2), {
        minLength: 1,
        maxLength: maxInputs,
      }),
      instructions: fc.array(instruction, { maxLength: maxSteps, size: 'max' }),
    })
    .map(({ inputs, instructions }) => {
      const bench = new Workbench(isPolynomial ? 'exact' : 'tame');
      for (const value of inputs) bench.input(value);
      for (const { operation, constant, back } of instructions) {
        if (operation === null) bench.constant(constant);
        else addElementwise(bench, vocabulary, operation, pick(bench, back));
      }
      if (!deadBranches) tieLooseEnds(bench);
      return bench.finish();
    });
}

/** Operations of a vocabulary, the basic ones more often, and now and then a constant. */
export function operationsOf(vocabulary: Vocabulary): fc.Arbitrary<StepOperation | null> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...elementwise[vocabulary]) },
    { weight: 4, arbitrary: fc.constantFrom(...POLYNOMIAL) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

/** How far back an operand is: mostly near, so that graphs are deep, sometimes anywhere, so that nodes are shared. */
export const distances: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 2 }) },
  { weight: 2, arbitrary: fc.nat({ max: 40 }) },
);

/** Scalars up to `max` in magnitude: integers, or numbers with three decimals. */
export function numbersOf(integers: boolean, max: number): fc.Arbitrary<Tensor> {
  const parts = integers ? 1 : 1000;
  return fc.integer({ min: -max * parts, max: max * parts }).map((n) => scalar(n / parts));
}

function pick(bench: Workbench, back: readonly number[]): number[] {
  const candidates = bench.reals;
  return back.map(
    (distance) => candidates[candidates.length - 1 - (distance % candidates.length)]!,
  );
}

/** Adds an elementwise operation on as many of the operands as it takes, or its substitute. */
export function addElementwise(
  bench: Workbench,
  vocabulary: Vocabulary,
  operation: StepOperation,
  operands: readonly number[],
): number {
  const arity = operations[operation].arity ?? 1;
  if (operation === 'where') {
    const [x, y, a, b] = operands as [number, number, number, number];
    const comparison = [a, b];
    if (bench.accepts('less', comparison))
      return bench.add('where', [bench.add('less', comparison), x, y]);
  } else if (bench.accepts(operation, operands.slice(0, arity))) {
    return bench.add(operation, operands.slice(0, arity));
  }
  const substitutes = SUBSTITUTES[vocabulary === 'polynomial' ? 'polynomial' : 'smooth'];
  const substitute = substitutes[arity - 1]!;
  const fewer = operands.slice(0, operations[substitute].arity!);
  if (bench.accepts(substitute, fewer)) return bench.add(substitute, fewer);
  return bench.add(substitutes[0], operands.slice(0, 1));
}

/** Adds up all steps that nothing uses, so that the last one depends on all. */
export function tieLooseEnds(bench: Workbench): void {
  for (let ends = bench.unused; ends.length > 1; ends = bench.unused)
    bench.add('add', ends.slice(0, 2));
}
