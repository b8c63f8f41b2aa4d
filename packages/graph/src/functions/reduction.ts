/** Functions that build nodes: reductions over axes, and what is composed of them. */
import { apply, resultType } from '../apply.ts';
import { ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import { sum as sumRow } from '../rows/layout.ts';
import * as rows from '../rows/reduction.ts';
import type { ReductionAttributes } from '../rows/row.ts';
import { normalizeAxes, normalizeAxis, reducedShape, sizeOf } from '../shape.ts';
import { abs, div, mul, pow, square, sub } from './arithmetic.ts';
import { equal, where } from './comparison.ts';
import { exp } from './exponential.ts';
import { reshape } from './layout.ts';

/** Which axes to reduce, and what becomes of them. */
export interface ReductionOptions {
  /** One axis or several; negative ones count from the back. Default: all. */
  readonly axes?: number | readonly number[];
  /** Keep the reduced axes with length 1, so that the result broadcasts against the operand. Default false. */
  readonly keepDims?: boolean;
}

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions extends ReductionOptions {
  /** What is subtracted from the number of elements before dividing by it: 1 for the unbiased estimate. Default 0. */
  readonly correction?: number;
}

/** Options of {@link norm}. */
export interface NormOptions extends ReductionOptions {
  /** The order p: from 1 to Infinity, default 2. */
  readonly order?: number;
}

/** The attributes as the rows take them, made when the operand is known to be a node. */
function attributesOf(
  x: GraphNode,
  options: ReductionOptions,
  others: readonly string[] = [],
): () => ReductionAttributes {
  return () => {
    checkNames(undefined, options, ['axes', 'keepDims', ...others]);
    return {
      axes: normalizeAxes(options.axes, x.shape.length),
      keepDims: options.keepDims ?? false,
    };
  };
}

/**
 * Sum over axes, by default over all. Sums of booleans count.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, sum } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 2] });
 * evaluate(sum(x, { axes: 0 }), { x: [[1, 2], [3, 4]] }).toArray(); // => [4, 6]
 * ```
 */
export function sum(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(sumRow, [x], attributesOf(x, options));
}

/**
 * Arithmetic mean over axes, by default over all; NaN of no elements.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, mean } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [4] });
 * evaluate(mean(x), { x: [1, 2, 3, 4] }).item(); // => 2.5
 * ```
 */
export function mean(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  const attributes = explain('mean', [x], attributesOf(x, options));
  const count = sizeOf(attributes.axes.map((axis) => x.shape[axis]!));
  return div(apply(sumRow, [x], attributes), count);
}

/**
 * Largest element over axes, by default over all; NaN if one is. Ties share the derivative equally.
 *
 * @throws {@link ValueError} when an axis does not exist; {@link ShapeError} when there are no elements.
 * @example
 * ```ts
 * import { evaluate, Graph, max } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [3] });
 * evaluate(max(x), { x: [1, 3, 2] }).item(); // => 3
 * ```
 */
export function max(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.max, [x], attributesOf(x, options));
}

/**
 * Smallest element over axes, by default over all; NaN if one is. Ties share the derivative equally.
 *
 * @throws {@link ValueError} when an axis does not exist; {@link ShapeError} when there are no elements.
 * @example
 * ```ts
 * import { evaluate, Graph, min } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [3] });
 * evaluate(min(x), { x: [2, 1, 3] }).item(); // => 1
 * ```
 */
export function min(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.min, [x], attributesOf(x, options));
}

/**
 * $\ln \sum_i e^{x_i}$ over axes, by default over all, without overflow; -Infinity of no elements. Its derivative
 * is the {@link softmax}.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, logSumExp } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2] });
 * evaluate(logSumExp(x), { x: [1000, -1000] }).item(); // => 1000
 * ```
 */
export function logSumExp(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.logSumExp, [x], attributesOf(x, options));
}

/**
 * Position of the largest element along an axis (the first of several), as an integer node.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist; {@link ShapeError} when it has no elements.
 * @example
 * ```ts
 * import { argMax, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 3] });
 * evaluate(argMax(x), { x: [[1, 5, 2], [7, 0, 7]] }).toArray(); // => [1, 0]
 * ```
 */
export function argMax(x: GraphNode, axis: number = -1): GraphNode {
  return apply(rows.argMax, [x], () => ({ axis: normalizeAxis(axis, x.shape.length) }));
}

/**
 * $x - \ln \sum_i e^{x_i}$ along an axis: logarithms of probabilities.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, logSoftmax } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2] });
 * evaluate(logSoftmax(x), { x: [1000, 0] }).toArray(); // => [0, -1000]
 * ```
 */
export function logSoftmax(x: GraphNode, axis: number = -1): GraphNode {
  return logSoftmaxOf('logSoftmax', x, axis);
}

/**
 * $e^{x_i} / \sum_j e^{x_j}$ along an axis: positive numbers that sum to 1.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, softmax } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2] });
 * evaluate(softmax(x), { x: [0, 0] }).toArray(); // => [0.5, 0.5]
 * ```
 */
export function softmax(x: GraphNode, axis: number = -1): GraphNode {
  return exp(logSoftmaxOf('softmax', x, axis));
}

/** The {@link logSoftmax}, with the name of the function that was called in its errors. */
function logSoftmaxOf(name: string, x: GraphNode, axis: number): GraphNode {
  const attributes = explain(name, [x], () => {
    const made = { axes: [normalizeAxis(axis, x.shape.length)], keepDims: true };
    resultType(rows.logSumExp, [x], made);
    return made;
  });
  return sub(x, apply(rows.logSumExp, [x], attributes));
}

/**
 * Product over axes, by default over all; 1 of no elements. The derivative is the product of the others, right where
 * elements are 0.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, prod } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [2, 3, 4] });
 * evaluate(prod(x)).item(); // => 24
 * ```
 */
export function prod(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.prod, [x], attributesOf(x, options));
}

/**
 * Variance over axes, by default over all: the mean of the squared distances from the mean.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, variance } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3, 4] });
 * evaluate(variance(x)).item(); // => 1.25
 * evaluate(variance(x, { correction: 1 })).item(); // ≈ 1.666667
 * ```
 */
export function variance(x: GraphNode, options: VarianceOptions = {}): GraphNode {
  const { centred, attributes, divisor } = deviations('variance', x, options);
  return div(apply(sumRow, [square(centred)], attributes), divisor);
}

/**
 * Standard deviation over axes, by default over all: the root of the {@link variance}. Where all elements are equal its
 * derivative is 0.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, std } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 5] });
 * evaluate(std(x)).item(); // => 2
 * ```
 */
export function std(x: GraphNode, options: VarianceOptions = {}): GraphNode {
  const { centred, attributes, divisor } = deviations('std', x, options);
  return div(apply(rows.norm, [centred], attributes), Math.sqrt(divisor));
}

/**
 * Length of vectors over axes, by default over all: $(\sum_i |x_i|^p)^{1/p}$. At the origin the derivative is 0.
 *
 * @throws {@link ValueError} when an axis does not exist or the order is below 1.
 * @example
 * ```ts
 * import { evaluate, Graph, norm } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [3, -4] });
 * evaluate(norm(x)).item(); // => 5
 * evaluate(norm(x, { order: 1 })).item(); // => 7
 * evaluate(norm(x, { order: Infinity })).item(); // => 4
 * ```
 */
export function norm(x: GraphNode, options: NormOptions = {}): GraphNode {
  const attributes = explain('norm', [x], () => {
    const made = attributesOf(x, options, ['order'])();
    const { order = 2 } = options;
    if (!(order >= 1))
      throw new ValueError(`the order is a number from 1 to Infinity, got ${order}`);
    if (order === Infinity) resultType(rows.max, [x], made);
    return made;
  });
  const { order = 2 } = options;
  if (order === 2) return apply(rows.norm, [x], attributes);
  if (order === 1) return apply(sumRow, [abs(x)], attributes);
  if (order === Infinity) return apply(rows.max, [abs(x)], attributes);
  // Times the norm of order 2, which takes care of the origin and of large and small numbers.
  const kept = { ...attributes, keepDims: true };
  const length = apply(rows.norm, [x], kept);
  const isZero = equal(length, 0);
  const unit = div(abs(x), where(isZero, 1, length));
  const powers = apply(sumRow, [pow(unit, order)], kept);
  const result = mul(length, pow(where(isZero, 1, powers), 1 / order));
  return attributes.keepDims
    ? result
    : reshape(result, reducedShape(x.shape, attributes.axes, false));
}

/**
 * Position of the smallest element along an axis (the first of several), as an integer node.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist; {@link ShapeError} when it has no elements.
 * @example
 * ```ts
 * import { argMin, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 3] });
 * evaluate(argMin(x), { x: [[4, 1, 2], [7, 0, 0]] }).toArray(); // => [1, 1]
 * ```
 */
export function argMin(x: GraphNode, axis: number = -1): GraphNode {
  return apply(rows.argMin, [x], () => ({ axis: normalizeAxis(axis, x.shape.length) }));
}

/**
 * Whether any condition holds over axes, by default over all; false of none.
 *
 * @throws {@link KindError} when `x` is not boolean; {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { any, evaluate, Graph, greater } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, -2] });
 * evaluate(any(greater(x, 0))).toArray(); // => true
 * ```
 */
export function any(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.any, [x], attributesOf(x, options));
}

/**
 * Whether all conditions hold over axes, by default over all; true of none.
 *
 * @throws {@link KindError} when `x` is not boolean; {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { all, evaluate, Graph, greater } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, -2] });
 * evaluate(all(greater(x, 0))).toArray(); // => false
 * ```
 */
export function all(x: GraphNode, options: ReductionOptions = {}): GraphNode {
  return apply(rows.all, [x], attributesOf(x, options));
}

/** The distances from the mean, and by what the sum of their squares is to be divided. */
function deviations(
  name: string,
  x: GraphNode,
  options: VarianceOptions,
): {
  readonly centred: GraphNode;
  readonly attributes: ReductionAttributes;
  readonly divisor: number;
} {
  const attributes = explain(name, [x], attributesOf(x, options, ['correction']));
  const count = sizeOf(attributes.axes.map((axis) => x.shape[axis]!));
  const centre = div(apply(sumRow, [x], { ...attributes, keepDims: true }), count);
  return {
    centred: sub(x, centre),
    attributes,
    divisor: Math.max(count - (options.correction ?? 0), 0),
  };
}
