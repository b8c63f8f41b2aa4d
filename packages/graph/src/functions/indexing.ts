/** Functions that build nodes: reading and adding at positions given by integers. */
import { apply } from '../apply.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/indexing.ts';
import { normalizeAxis } from '../shape.ts';

/**
 * Elements at given positions of an axis: `x[..., indices[j], ...]`. The axes of `indices` take the place of the
 * axis read. With rows of a matrix this is an embedding.
 *
 * @param indices - of kind integer; negative ones count from the back.
 * @param axis - default 0.
 * @throws {@link ShapeError} when the indices are not integers; {@link ValueError} at evaluation when an index is
 * outside the axis.
 * @example
 * ```ts
 * import { evaluate, gather, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: [10, 20, 30] });
 * const at = graph.input('at', { kind: 'integer', value: [2, 0, 2] });
 * evaluate(gather(x, at)).toArray(); // => [30, 10, 30]
 * ```
 */
export function gather(x: GraphNode, indices: GraphNode, axis: number = 0): GraphNode {
  return apply(rows.gather, [x, indices], () => ({ axis: normalizeAxis(axis, x.shape.length) }));
}

/**
 * The transpose of {@link gather}: an array of zeros to which `values[..., j, ...]` is added at `indices[j]`.
 *
 * @param length - of the result's axis.
 * @param axis - where the axes of the indices start in `values`; default 0.
 * @throws {@link ShapeError} when the indices are not integers or their shape is not found in the values.
 * @example
 * ```ts
 * import { evaluate, Graph, scatterAdd } from '@ad/graph';
 *
 * const graph = new Graph();
 * const values = graph.input('values', { value: [1, 2, 3] });
 * const at = graph.input('at', { kind: 'integer', value: [0, 2, 0] });
 * evaluate(scatterAdd(values, at, 3)).toArray(); // => [4, 0, 2]
 * ```
 */
export function scatterAdd(
  values: GraphNode,
  indices: GraphNode,
  length: number,
  axis: number = 0,
): GraphNode {
  return apply(rows.scatterAdd, [values, indices], () => ({
    axis: normalizeAxis(axis, values.shape.length),
    length,
  }));
}

/**
 * For each integer the vector that is 1 there and 0 elsewhere, along a new last axis.
 *
 * @param depth - the length of the vectors.
 * @throws {@link ShapeError} when the indices are not integers; {@link ValueError} at evaluation when one is
 * outside the vector.
 * @example
 * ```ts
 * import { evaluate, Graph, oneHot } from '@ad/graph';
 *
 * const labels = new Graph().input('labels', { kind: 'integer', value: [1, 0] });
 * evaluate(oneHot(labels, 3)).toArray(); // => [[0, 1, 0], [1, 0, 0]]
 * ```
 */
export function oneHot(indices: GraphNode, depth: number): GraphNode {
  return apply(rows.oneHot, [indices], { depth });
}
