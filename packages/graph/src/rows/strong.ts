/**
 * Strong variants of operations: 0 wins in their products, over Infinity and NaN too. Derivative rules use them below a
 * choice between branches, where the message of a branch not taken is 0 and its other factor may be anything.
 *
 * A strong product of arrays is the ordinary one wherever that is finite, so it costs one look at the result; only
 * what is not finite is computed with care. The rows of the table that have a variant in the table name it themselves.
 */
import { lowerRoutine } from '../routines/lower.ts';
import type { Routine } from '../routines/routine.ts';
import { repairMatmul, strongRoutine } from '../routines/strong.ts';
import { broadcastStrides } from '../shape.ts';
import type { ArrayCompiler } from '../lowering/compiler.ts';
import type { TensorData } from '../tensor.ts';
import { mul } from './arithmetic.ts';
import { matmul } from './contraction.ts';
import type {
  Attributes,
  BilinearRow,
  Builder,
  ElementwiseRow,
  Kernel,
  Operation,
  SmoothRow,
} from './row.ts';
import { viewPositions } from './views.ts';

/** A condition on elements of the first operand and one on those of the second. */
type Pair = readonly [(x: number) => boolean, (y: number) => boolean];

const isInfinite: Pair[0] = (x) => x === Infinity;
const isNegativeInfinite: Pair[0] = (x) => x === -Infinity;
const isPositive: Pair[0] = (x) => x > 0;
const isNegative: Pair[0] = (x) => x < 0;
const isNonZero: Pair[0] = (x) => x !== 0;

/** Which factors have the product Infinity (the other way round, too), which -Infinity, and which NaN. */
const INFINITE: readonly Pair[] = [
  [isPositive, isInfinite],
  [isNegative, isNegativeInfinite],
];
const NEGATIVE_INFINITE: readonly Pair[] = [
  [isPositive, isNegativeInfinite],
  [isNegative, isInfinite],
];
const UNDEFINED: readonly Pair[] = [[isNonZero, Number.isNaN]];

/**
 * A kernel for what an ordinary bilinear kernel has computed: puts the elements right that are not finite, if there
 * are any. Which terms meet in an element is asked of the kernel itself, by arrays of ones and zeros.
 *
 * @internal
 */
export function strongRepair(kernel: Kernel): Kernel {
  return (result, [x, y]) => {
    if (isFinite(result)) return;
    const run = (left: ArrayLike<number>, right: ArrayLike<number>): Float64Array => {
      const out = new Float64Array(result.length);
      kernel(out, [Float64Array.from(left), Float64Array.from(right)]);
      return out;
    };
    const has = (data: TensorData, condition: (x: number) => boolean): Float64Array =>
      Float64Array.from(data, (value) => (condition(value) ? 1 : 0));
    /** Where any term of an element has such factors. */
    const occurs = (pairs: readonly Pair[]): boolean[] => {
      const found = new Array<boolean>(result.length).fill(false);
      for (const [ofOne, ofOther] of pairs) {
        run(has(x!, ofOne), has(y!, ofOther)).forEach((count, i) => (found[i] ||= count > 0));
        run(has(x!, ofOther), has(y!, ofOne)).forEach((count, i) => (found[i] ||= count > 0));
      }
      return found;
    };
    const finite = (data: TensorData): Float64Array =>
      Float64Array.from(data, (value) => (Number.isFinite(value) ? value : 0));
    const [up, down, none] = [occurs(INFINITE), occurs(NEGATIVE_INFINITE), occurs(UNDEFINED)];
    run(finite(x!), finite(y!)).forEach((value, i) => {
      if (none[i]! || (up[i]! && down[i]!)) result[i] = NaN;
      else result[i] = up[i]! ? Infinity : down[i]! ? -Infinity : value;
    });
  };
}

function isFinite(data: TensorData): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

/**
 * The strong variant of a bilinear operation.
 *
 * @param lowerStrong - its kernels, where there is something better than those of the ordinary one and a call.
 * @internal
 */
export function strongBilinear<A extends Attributes>(
  name: string,
  row: BilinearRow<A>,
  lowerStrong?: (compiler: ArrayCompiler) => boolean,
): BilinearRow<A> {
  // No loop that compilers know by name is strong.
  const { lowering: _lowering, lower: lowerOrdinary, ...facts } = row;
  const lower =
    lowerStrong ?? (lowerOrdinary && ((compiler) => lowerRepaired(compiler, row, lowerOrdinary)));
  return {
    ...facts,
    name,
    formula: String.raw`${row.formula} \text{, where 0 wins in every product}`,
    guards: strongly,
    ...(lower && { lower }),
    prepare(operands, attributes, result) {
      const kernel = row.prepare(operands, attributes, result);
      const repair = strongRepair(kernel);
      return (data, factors) => {
        kernel(data, factors);
        repair(data, factors);
      };
    },
    transpose: (B, S, operands, attributes, position) =>
      row.transpose(strongly(B), S, operands, attributes, position),
    batch: (B, operands, batched, attributes) =>
      row.batch(strongly(B), operands, batched, attributes),
  };
}

/** The product that a gradient uses below a choice between branches: 0 wins over Infinity and NaN. */
export const strongMul: ElementwiseRow = {
  name: 'strongMul',
  family: 'elementwise',
  arity: 2,
  commutes: true,
  formula: 'x y \\text{, and } 0 \\text{ if } x = 0 \\text{ or } y = 0',
  resultKind: 'real',
  value: (A, x, y) => A.strongMul(x, y),
  partials: [(_A, _r, _x, y) => y, (_A, _r, x) => x],
  guards: strongly,
};

/** The kernels of an ordinary product, and a look at what is not finite. */
function lowerRepaired<A extends Attributes>(
  compiler: ArrayCompiler,
  row: BilinearRow<A>,
  lower: (compiler: ArrayCompiler) => boolean,
): boolean {
  if (!lower(compiler)) return false;
  const { operands, attributes, result } = compiler.work;
  const kernel = row.prepare(operands, attributes as A, result);
  compiler.call(`repair ${row.name}`, strongRepair(kernel));
  return true;
}

/** The kernels of an ordinary product of matrices, and a look at what is not finite. */
function lowerStrongMatmul(compiler: ArrayCompiler): boolean {
  if (compiler.work.operands.some(({ kind }) => kind !== 'real')) return false;
  compiler.multiply();
  return lowerRoutine(compiler, repairMatmul);
}

export const strongMatmul: BilinearRow = /* @__PURE__ */ strongBilinear(
  'strongMatmul',
  matmul,
  lowerStrongMatmul,
);

/**
 * The strong variant of a system of equations: sides that are 0 have solutions that are 0, whatever the matrix is.
 *
 * @internal
 */
export function strongSystem<A extends Attributes>(
  name: string,
  row: SmoothRow<A>,
  routine: Routine,
): SmoothRow<A> {
  return {
    ...row,
    name,
    formula: String.raw`${row.formula} \text{, and } 0 \text{ for columns of zeros}`,
    guards: strongly,
    lower: (compiler) => lowerRoutine(compiler, strongRoutine(routine)),
    prepare(operands, attributes, result) {
      const kernel = row.prepare(operands, attributes, result);
      const { shape } = result;
      const [n, m] = [shape.at(-2)!, shape.at(-1)!];
      const sides = viewPositions(shape, broadcastStrides(operands[1]!.shape, shape));
      return (data, [x, y]) => {
        kernel(data, [x!, y!]);
        if (isFinite(data)) return;
        for (let start = 0; start < data.length; start += n * m) {
          for (let j = 0; j < m; j++) {
            const column = Array.from({ length: n }, (_, i) => start + i * m + j);
            const isSolved = column.every((k) => Number.isFinite(data[k]));
            if (isSolved || column.some((k) => y![sides[k]!] !== 0)) continue;
            for (const k of column) data[k] = 0;
          }
        }
      };
    },
    pullback: (B, S, result, operands, attributes, position) =>
      row.pullback(strongly(B), S, result, operands, attributes, position),
    pushforward: (B, tangent, result, operands, attributes, position) =>
      row.pushforward(strongly(B), tangent, result, operands, attributes, position),
    batch: (B, operands, batched, attributes) =>
      row.batch(strongly(B), operands, batched, attributes),
  };
}

/** The strong variants of bilinear operations outside of the table, made when they are first needed. */
const others = new WeakMap<object, Operation>();

/**
 * The variant of an operation in whose products 0 wins; the operation itself if it has none.
 *
 * @internal
 */
function strongVariant<A extends Attributes>(row: Operation<A>): Operation<A> {
  if (row === (mul as unknown)) return strongMul;
  if ((row.family !== 'bilinear' && row.family !== 'smooth') || row.guards !== undefined)
    return row;
  if (row === (matmul as unknown)) return strongMatmul;
  const known = row.strong?.() ?? others.get(row);
  if (known !== undefined || row.family === 'smooth') return known ?? row;
  const made = strongBilinear(`strong ${row.name}`, row);
  others.set(row, made);
  return made;
}

/**
 * A builder that puts the strong variant in the place of every operation that has one.
 *
 * @internal
 */
export function strongly<V>(B: Builder<V>): Builder<V> {
  return {
    apply: (row, operands, attributes) => B.apply(strongVariant(row), operands, attributes),
    constant: (value) => B.constant(value),
    typeOf: (value) => B.typeOf(value),
    isStrong: true,
  };
}
