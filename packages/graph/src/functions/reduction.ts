/** Functions that build nodes: reductions over axes, and what is composed of them. */
import { apply } from '../apply.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { sum as sumRow } from '../rows/layout.ts';
import * as rows from '../rows/reduction.ts';
import type { ReductionAttributes } from '../rows/row.ts';
import { normalizeAxes, normalizeAxis, sizeOf } from '../shape.ts';
import { div, sub } from './arithmetic.ts';
import { exp } from './exponential.ts';

/** Which axes to reduce, and what becomes of them. */
export interface ReductionOptions {
  /** One axis or several; negative ones count from the back. Default: all. */
  readonly axes?: number | readonly number[];
  /** Keep the reduced axes with length 1, so that the result broadcasts against the operand. Default false. */
  readonly keepDims?: boolean;
}

/** The attributes as the rows take them, made when the operand is known to be a node. */
function attributesOf(x: GraphNode, options: ReductionOptions): () => ReductionAttributes {
  return () => ({
    axes: normalizeAxes(options.axes, x.shape.length),
    keepDims: options.keepDims ?? false,
  });
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
  return sub(x, logSumExp(x, { axes: axis, keepDims: true }));
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
  return exp(logSoftmax(x, axis));
}
