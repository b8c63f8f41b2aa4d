/** Functions that build nodes: products of matrices and vectors. */
import { apply, resultType } from '../apply.ts';
import { ShapeError } from '../errors.ts';
import { explain, type Operand } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import * as rows from '../rows/contraction.ts';
import { reshape } from './layout.ts';

/**
 * Product of matrices, stacks of matrices and vectors, by NumPy's rules: `[..., n, k]` times `[..., k, m]` gives
 * `[..., n, m]`, the axes before the last two broadcast, and a vector stands for a row on the left or a column on
 * the right whose axis is dropped from the result.
 *
 * @throws {@link ShapeError} when the inner lengths differ or an operand is a scalar.
 * @example
 * ```ts
 * import { evaluate, Graph, matmul } from '@ad/graph';
 *
 * const graph = new Graph();
 * const a = graph.input('a', { value: [[1, 2], [3, 4]] });
 * const v = graph.input('v', { value: [1, 1] });
 * evaluate(matmul(a, v)).toArray(); // => [3, 7]
 * ```
 */
export function matmul(x: GraphNode, y: GraphNode): GraphNode {
  // Checked as a whole before the first node is built: a failed call leaves nothing behind.
  explain('matmul', [x, y], () => {
    for (const operand of [x, y] as readonly Operand[])
      if (typeof operand !== 'object')
        throw new ShapeError('a number is no matrix; mul multiplies by numbers');
    const left = x.shape.length === 1 ? [1, ...x.shape] : x.shape;
    const right = y.shape.length === 1 ? [...y.shape, 1] : y.shape;
    const types = [
      { shape: left, kind: x.kind },
      { shape: right, kind: y.kind },
    ];
    return resultType(rows.matmul, types, {});
  });
  const rowVector = x.shape.length === 1;
  const columnVector = y.shape.length === 1;
  const left = rowVector ? reshape(x, [1, ...x.shape]) : x;
  const right = columnVector ? reshape(y, [...y.shape, 1]) : y;
  const product = apply(rows.matmul, [left, right]);
  if (!rowVector && !columnVector) return product;
  const { shape } = product;
  const kept = shape.filter(
    (_, axis) =>
      !(rowVector && axis === shape.length - 2) && !(columnVector && axis === shape.length - 1),
  );
  return reshape(product, kept);
}
