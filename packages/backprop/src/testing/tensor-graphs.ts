/**
 * Random graphs of arrays: elementwise operations with broadcasting, reductions, products of matrices, and everything
 * that moves elements. Made like the scalar ones, from instructions that always mean something.
 */
import { type Attributes, operations, type Shape, sizeOf, Tensor } from '@ad/graph';
import fc from 'fast-check';
import type { Recipe } from './recipe.ts';
import {
  addElementwise,
  distances,
  elementwise,
  type GraphGeneratorOptions,
  numbersOf,
  operationsOf,
  tieLooseEnds,
  type Vocabulary,
} from './scalar-graphs.ts';
import { shapes } from './tensors.ts';
import { type StepOperation, Workbench } from './workbench.ts';

const LINEAR = [
  'sum',
  'cumSum',
  'matmul',
  'transpose',
  'reshape',
  'slice',
  'broadcast',
  'pad',
  'concat',
  'gather',
  'scatterAdd',
] as const;

/** The operations that are not elementwise, simplest first. */
const STRUCTURED: Readonly<Record<Vocabulary, readonly StepOperation[]>> = {
  polynomial: LINEAR,
  smooth: [...LINEAR, 'logSumExp'],
  all: [...LINEAR, 'logSumExp', 'max', 'min'],
};

/** One instruction as it is drawn. */
interface Instruction {
  readonly operation: StepOperation | null;
  readonly constant: Tensor;
  readonly back: readonly number[];
  /** Numbers that settle the attributes. */
  readonly choices: readonly number[];
}

/** An input as it is drawn: how much of the common shape it has. */
interface Source {
  readonly rank: number;
  /** Per axis, whether it has length 1. */
  readonly flat: readonly boolean[];
  readonly elements: readonly Tensor[];
}

/**
 * Random graphs of small arrays with a scalar output: what comes last is weighted, with constants, and summed. Everything
 * else is as for `scalarGraphs`.
 *
 * @example
 * ```ts
 * import { reverseSweep } from '@ad/backprop';
 * import { tensorGraphs } from '@ad/backprop/testing';
 * import fc from 'fast-check';
 *
 * fc.assert(
 *   fc.property(tensorGraphs({ maxSteps: 5 }), (recipe) => {
 *     const { inputs, output, feeds } = recipe.build();
 *     const sweep = reverseSweep(output, { feeds });
 *     return inputs.every((x) => String(sweep.adjointTensor(x).shape) === String(x.shape));
 *   }),
 * );
 * ```
 */
export function tensorGraphs(options: GraphGeneratorOptions = {}): fc.Arbitrary<Recipe> {
  const {
    operations: vocabulary = 'all',
    maxInputs = 3,
    maxSteps = 8,
    deadBranches = true,
  } = options;
  const isPolynomial = vocabulary === 'polynomial';
  const numbers = numbersOf(isPolynomial, isPolynomial ? 5 : 2);
  const instruction: fc.Arbitrary<Instruction> = fc.record({
    operation: fc.oneof(operationsOf(vocabulary), fc.constantFrom(...STRUCTURED[vocabulary])),
    constant: numbersOf(isPolynomial, 3),
    back: fc.array(distances, { minLength: 4, maxLength: 4 }),
    choices: fc.array(fc.nat({ max: 11 }), { minLength: 8, maxLength: 8 }),
  });
  const source: fc.Arbitrary<Source> = fc.record({
    rank: fc.nat({ max: 3 }),
    flat: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    elements: fc.array(numbers, { minLength: 27, maxLength: 27 }),
  });
  return fc
    .record({
      shape: shapes(),
      sources: fc.array(source, { minLength: 1, maxLength: maxInputs }),
      instructions: fc.array(instruction, { maxLength: maxSteps, size: 'max' }),
    })
    .map(({ shape, sources, instructions }) => {
      const bench = new Workbench(isPolynomial ? 'exact' : 'tame');
      for (const each of sources) bench.input(inputOf(shape, each));
      for (const { operation, constant, back, choices } of instructions) {
        if (operation === null) bench.constant(constant);
        else if (elementwise[vocabulary].includes(operation)) {
          addElementwise(bench, vocabulary, operation, operandsThatBroadcast(bench, back));
        } else addStructured(bench, vocabulary, operation, back, choices);
      }
      const ends = deadBranches ? [bench.reals.at(-1)!] : bench.unused;
      for (const end of ends) addWeightedSum(bench, end);
      if (!deadBranches) tieLooseEnds(bench);
      return bench.finish();
    });
}

function inputOf(common: Shape, { rank, flat, elements }: Source): Tensor {
  const shape = common
    .slice(Math.max(common.length - rank, 0))
    .map((length, axis) => (flat[axis]! ? 1 : length));
  return new Tensor(
    shape,
    'real',
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => elements[i]!.item()),
  );
}

/** Operands of which each broadcasts with those before it. */
function operandsThatBroadcast(bench: Workbench, back: readonly number[]): number[] {
  let common: Shape = [];
  return back.map((distance) => {
    const candidates = bench.reals.filter((position) =>
      broadcasts(bench.value(position).shape, common),
    );
    const operand = nth(candidates, distance);
    common = joint(bench.value(operand).shape, common);
    return operand;
  });
}

function broadcasts(a: Shape, b: Shape): boolean {
  const count = Math.min(a.length, b.length);
  for (let axis = 1; axis <= count; axis++) {
    const [m, n] = [a.at(-axis)!, b.at(-axis)!];
    if (m !== n && m !== 1 && n !== 1) return false;
  }
  return true;
}

function joint(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) =>
    Math.max(a.at(axis - rank) ?? 1, b.at(axis - rank) ?? 1),
  );
}

/** The candidate that is this far back. */
function nth(candidates: readonly number[], distance: number): number {
  return candidates[candidates.length - 1 - (distance % candidates.length)]!;
}

/** Adds an operation that is not elementwise; where it does not fit, a square instead. */
function addStructured(
  bench: Workbench,
  vocabulary: Vocabulary,
  operation: StepOperation,
  back: readonly number[],
  choices: readonly number[],
): void {
  const x = nth(bench.reals, back[0]!);
  const prepared =
    operation === 'matmul'
      ? factors(bench, back)
      : operandsAndAttributes(bench, operation, x, back, choices);
  if (prepared !== undefined && bench.accepts(operation, prepared.operands, prepared.attributes)) {
    bench.add(operation, prepared.operands, prepared.attributes);
  } else {
    addElementwise(bench, vocabulary, 'square', [x]);
  }
}

interface Prepared {
  readonly operands: readonly number[];
  readonly attributes?: Attributes;
}

/** Two stacks of matrices that can be multiplied: if there are none, one with its transpose. */
function factors(bench: Workbench, back: readonly number[]): Prepared | undefined {
  const matrices = bench.reals.filter((position) => bench.value(position).shape.length >= 2);
  if (matrices.length === 0) return undefined;
  const x = nth(matrices, back[0]!);
  const { shape } = bench.value(x);
  const fitting = matrices.filter((position) => {
    const other = bench.value(position).shape;
    return other.at(-2) === shape.at(-1) && broadcasts(other.slice(0, -2), shape.slice(0, -2));
  });
  if (fitting.length > 0) return { operands: [x, nth(fitting, back[1]!)] };
  const rank = shape.length;
  const permutation = shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return { operands: [x, bench.add('transpose', [x], { permutation })] };
}

function operandsAndAttributes(
  bench: Workbench,
  operation: StepOperation,
  x: number,
  back: readonly number[],
  choices: readonly number[],
): Prepared | undefined {
  const { shape } = bench.value(x);
  const rank = shape.length;
  const choice = (k: number, count: number): number => choices[k % choices.length]! % count;
  const perAxis = (of: (length: number, axis: number) => number): number[] => shape.map(of);
  if (operations[operation].family === 'reduction' || operation === 'sum') {
    const axes = shape.map((_, axis) => axis).filter((axis) => choice(axis, 2) === 0);
    return { operands: [x], attributes: { axes, keepDims: choice(3, 3) === 1 } };
  }
  if (operation === 'broadcast') {
    const longer = perAxis((length, axis) => (length === 1 ? 1 + choice(axis, 3) : length));
    return { operands: [x], attributes: { shape: choice(3, 2) === 0 ? longer : [2, ...longer] } };
  }
  if (operation === 'reshape') {
    const size = sizeOf(shape);
    const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((d) => size % d === 0);
    const rows = divisors[choice(0, divisors.length)]!;
    return {
      operands: [x],
      attributes: { shape: choice(1, 3) === 0 ? [size] : [rows, size / rows] },
    };
  }
  if (rank === 0) return undefined;
  const axis = choice(7, rank);
  const length = shape[axis]!;
  if (operation === 'transpose') {
    const permutation = shape
      .map((_, k) => k)
      .sort((a, b) => choice(a, 12) - choice(b, 12) || a - b);
    return { operands: [x], attributes: { permutation } };
  }
  if (operation === 'slice') {
    const steps = perAxis((_, k) => [1, -1, 2, -2][choice(k, 4)]!);
    const lengths = perAxis((d, k) => 1 + choice(k + 3, Math.ceil(d / Math.abs(steps[k]!))));
    const starts = perAxis((d, k) => d - 1 - (steps[k]! > 0 ? (lengths[k]! - 1) * steps[k]! : 0));
    return { operands: [x], attributes: { starts, lengths, steps } };
  }
  if (operation === 'pad') {
    const counts = (from: number): number[] => perAxis((_, k) => choice(from + k, 2));
    return {
      operands: [x],
      attributes: { before: counts(0), after: counts(3), between: counts(4) },
    };
  }
  if (operation === 'concat') {
    const others = bench.reals.filter((position) => {
      const other = bench.value(position).shape;
      return other.length === rank && other.every((d, k) => k === axis || d === shape[k]);
    });
    return { operands: [x, nth(others, back[1]!)], attributes: { axis } };
  }
  if (operation === 'cumSum')
    return { operands: [x], attributes: { axis, reverse: choice(1, 2) === 0 } };
  if (operation === 'gather') {
    const indices = choices.slice(0, 1 + choice(6, 3)).map((n) => (n % (2 * length)) - length);
    return { operands: [x, bench.constant(integers(indices))], attributes: { axis } };
  }
  if (operation === 'scatterAdd') {
    const indices = Array.from({ length }, (_, i) => choice(i, 3));
    return { operands: [x, bench.constant(integers(indices))], attributes: { axis, length: 3 } };
  }
  return undefined;
}

function integers(values: readonly number[]): Tensor {
  return new Tensor([values.length], 'integer', Int32Array.from(values));
}

/** Makes a scalar of an array: a sum with weights that differ, so that no two elements can be confused. */
function addWeightedSum(bench: Workbench, position: number): void {
  const { shape } = bench.value(position);
  if (shape.length === 0) return;
  const weights = Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((5 * i) % 7) - 3 || 4);
  const weighted = bench.add('mul', [position, bench.constant(new Tensor(shape, 'real', weights))]);
  bench.add('sum', [weighted], {
    axes: bench.value(weighted).shape.map((_, axis) => axis),
    keepDims: false,
  });
}
