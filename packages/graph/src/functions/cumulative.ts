/** Functions that build nodes: running sums, products and maxima along an axis. */
import { apply } from '../apply.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/cumulative.ts';
import { normalizeAxis } from '../shape.ts';
import { maximum, mul } from './arithmetic.ts';
import { concat, slice } from './layout.ts';

/**
 * Sums of the elements up to and including each one, along an axis.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { cumSum, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3] });
 * evaluate(cumSum(x)).toArray(); // => [1, 3, 6]
 * ```
 */
export function cumSum(x: GraphNode, axis: number = -1): GraphNode {
  return apply(rows.cumSum, [x], () => ({
    axis: normalizeAxis(axis, x.shape.length),
    reverse: false,
  }));
}

/**
 * Products of the elements up to and including each one, along an axis. Its derivative does not divide, so it is
 * right where elements are 0. A doubling scan: about $\log_2 n$ nodes of the size of `x`.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { cumProd, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3] });
 * evaluate(cumProd(x)).toArray(); // => [1, 2, 6]
 * ```
 */
export function cumProd(x: GraphNode, axis: number = -1): GraphNode {
  return scan('cumProd', x, axis, mul);
}

/**
 * Largest of the elements up to and including each one, along an axis; NaN from the first NaN on. Ties share the
 * derivative.
 *
 * @param axis - default the last one.
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { cumMax, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 3, 2] });
 * evaluate(cumMax(x)).toArray(); // => [1, 3, 3]
 * ```
 */
export function cumMax(x: GraphNode, axis: number = -1): GraphNode {
  return scan('cumMax', x, axis, maximum);
}

/** Folds with an associative operation: after the step `k`, every element stands for the `2 k` that end with it. */
function scan(
  name: string,
  x: GraphNode,
  axis: number,
  fold: (x: GraphNode, y: GraphNode) => GraphNode,
): GraphNode {
  const along = explain(name, [x], () => normalizeAxis(axis, x.shape.length));
  const length = x.shape[along]!;
  const part = (of: GraphNode, start: number, end: number): GraphNode =>
    slice(
      of,
      x.shape.slice(0, along + 1).map((_, i) => (i === along ? { start, end } : {})),
    );
  let scanned = x;
  for (let k = 1; k < length; k *= 2) {
    const folded = fold(part(scanned, 0, length - k), part(scanned, k, length));
    scanned = concat([part(scanned, 0, k), folded], along);
  }
  return scanned;
}
