/**
 * Where a recipe is put together: knows the value of every step so far, and how strongly it reacts to the inputs, and
 * takes only steps that keep both tame.
 *
 * The slope of a step bounds how much any of its elements moves when every input moves by 1, summed over all paths
 * without cancellation. With slopes up to LARGEST_SLOPE and operands at least MARGIN away from kinks,
 * moving inputs by less than MARGIN / LARGEST_SLOPE crosses no kink; this is room for finite differences.
 *
 * In exact mode values are integers, and the slope counts the paths to every node, weighted: it bounds every
 * derivative of the step and all partial sums of a sweep. Below 2^52 none of them is ever rounded.
 */
import {
  type Attributes,
  broadcastIndex,
  type ElementwiseRow,
  numbers,
  type OperationName,
  operations,
  positionIn,
  type ReductionAttributes,
  resultType,
  sizeOf,
  Tensor,
} from '@ad/graph';
import { tensorMessages } from '../sweeps/tensor-messages.ts';
import { isInDomain, isOffKinks } from './domains.ts';
import { Recipe, type Step } from './recipe.ts';

/** No element of a tame step is larger in magnitude. */
const LARGEST_VALUE = 4;
/** No tame step has a larger slope. */
const LARGEST_SLOPE = 8;
/** Exact steps stay below this: hundreds of them can be added up before anything is rounded. */
const LARGEST_EXACT = 2 ** 44;
/** No step has more elements. */
const LARGEST_SIZE = 64;

/** What the workbench is to keep: magnitudes, or exactness. */
export type Mode = 'tame' | 'exact';

/** A name of an operation that is not a leaf. */
export type StepOperation = Exclude<OperationName, 'input' | 'constant'>;

interface Result {
  readonly value: Tensor;
  readonly slope: number;
}

/** A recipe in the making. */
export class Workbench {
  readonly #mode: Mode;
  readonly #steps: Step[] = [];
  readonly #results: Result[] = [];
  readonly #used = new Set<number>();
  /** Steps that are not tame, and the constants that tame them: nothing else uses them. */
  readonly #private = new Set<number>();
  #inputs = 0;

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  /** The positions of the real steps that operands may be taken from. */
  get reals(): number[] {
    const positions = this.#steps.map((_, position) => position);
    return positions.filter(
      (position) => this.value(position).kind === 'real' && !this.#private.has(position),
    );
  }

  /** The positions of the real steps that no other step uses. */
  get unused(): number[] {
    return this.reals.filter((position) => !this.#used.has(position));
  }

  /** The value of a step. */
  value(position: number): Tensor {
    return this.#results[position]!.value;
  }

  /** Adds an input. */
  input(value: Tensor): number {
    return this.#push(
      { operation: 'input', name: `x${this.#inputs++}`, value },
      { value, slope: 1 },
    );
  }

  /** Adds a constant. */
  constant(value: Tensor): number {
    return this.#push(
      { operation: 'constant', value },
      { value, slope: this.#mode === 'exact' ? 1 : 0 },
    );
  }

  /** Whether an operation can be added: operands are inside its domain and the result is not out of bounds. */
  accepts(operation: StepOperation, operands: readonly number[], attributes?: Attributes): boolean {
    const result = this.#compute(operation, operands, attributes);
    return result !== undefined && (this.#mode === 'tame' || isExact(result));
  }

  /** Adds an operation that is accepted, and after it what makes its result tame. Returns the last step added. */
  add(operation: StepOperation, operands: readonly number[], attributes?: Attributes): number {
    const result = this.#compute(operation, operands, attributes)!;
    for (const operand of operands) this.#used.add(operand);
    const step = { operation, operands, ...(attributes === undefined ? {} : { attributes }) };
    const last = this.#push(step, result);
    if (this.#mode === 'exact' || result.value.kind !== 'real') return last;
    const isLarge = result.value.data.some((x) => Math.abs(x) > LARGEST_VALUE);
    if (!isLarge && result.slope <= LARGEST_SLOPE) return last;
    this.#private.add(last);
    if (isLarge) return this.add('tanh', [last]);
    const factor = this.constant(scalar(1 / 8));
    this.#private.add(factor);
    return this.add('mul', [last, factor]);
  }

  /** The recipe. */
  finish(): Recipe {
    return new Recipe(this.#steps);
  }

  #push(step: Step, result: Result): number {
    this.#results.push(result);
    return this.#steps.push(step) - 1;
  }

  /** Value and slope of an operation; `undefined` outside of its domain, near a kink, or when it is too large. */
  #compute(
    operation: StepOperation,
    positions: readonly number[],
    attributes: Attributes | undefined,
  ): Result | undefined {
    const row = operations[operation];
    const operands = positions.map((position) => this.value(position));
    const type = resultType(row, operands, attributes);
    if (sizeOf(type.shape) > LARGEST_SIZE) return undefined;
    if (
      !isInDomain(operation, operands, type.shape) ||
      !isOffKinks(operation, operands, attributes)
    )
      return undefined;
    const value = tensorMessages.apply(row, operands, attributes);
    const slopes = positions.map((position) => this.#results[position]!.slope);
    const slope = slopeOf(operation, operands, slopes, value, attributes);
    return { value, slope: this.#mode === 'exact' ? 1 + slope : slope };
  }
}

/** A scalar tensor. */
export function scalar(value: number): Tensor {
  return new Tensor([], 'real', Float64Array.of(value));
}

function isExact({ value, slope }: Result): boolean {
  return slope <= LARGEST_EXACT && value.data.every((x) => Math.abs(x) <= LARGEST_EXACT);
}

function slopeOf(
  operation: StepOperation,
  operands: readonly Tensor[],
  slopes: readonly number[],
  value: Tensor,
  attributes: Attributes | undefined,
): number {
  const row = operations[operation];
  if (row.family === 'elementwise') {
    return slopes.reduce(
      (sum, slope, k) => sum + (slope === 0 ? 0 : slope * steepest(row, k, operands, value)),
      0,
    );
  }
  if (row.family === 'bilinear') {
    const [x, y] = operands as [Tensor, Tensor];
    return x.shape.at(-1)! * (largest(y) * slopes[0]! + largest(x) * slopes[1]!);
  }
  const factor =
    operation === 'scatterAdd'
      ? operands[1]!.size
      : operation === 'sum'
        ? summands(operands[0]!, attributes)
        : operation === 'cumSum'
          ? operands[0]!.shape[(attributes as { readonly axis: number }).axis]!
          : 1;
  return row.family === 'discrete' ? 0 : factor * Math.max(...slopes);
}

/** The largest local derivative of an elementwise operation in magnitude. */
function steepest(
  row: ElementwiseRow,
  position: number,
  operands: readonly Tensor[],
  value: Tensor,
): number {
  const partial = row.partials[position]!;
  if (typeof partial === 'number') return Math.abs(partial);
  const indices = operands.map((operand) => broadcastIndex(operand.shape, value.shape));
  let most = 0;
  for (let i = 0; i < value.size; i++) {
    const [x, y, z] = operands.map((operand, k) => operand.data[positionIn(indices[k]!, i)]!);
    most = Math.max(most, Math.abs(partial(numbers, value.data[i]!, x!, y ?? 0, z ?? 0)));
  }
  return most;
}

function largest(value: Tensor): number {
  let most = 0;
  for (const x of value.data) most = Math.max(most, Math.abs(x));
  return most;
}

function summands(x: Tensor, attributes: Attributes | undefined): number {
  const { axes } = attributes as ReductionAttributes;
  return sizeOf(axes.map((axis) => x.shape[axis]!));
}
