/** Functions that build nodes: arrays split, repeated, turned round, and parts of matrices. */
import { ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { normalizeAxes, normalizeAxis, type Shape } from '../shape.ts';
import { tensor } from '../tensor.ts';
import { where } from './comparison.ts';
import { gather } from './indexing.ts';
import { broadcastTo, concat, expandDims, reshape, slice, type SliceRange } from './layout.ts';

/** The ranges that take a part of one axis. */
const along = (axis: number, range: SliceRange): SliceRange[] => [
  ...Array.from({ length: axis }, () => ({})),
  range,
];

function checkCount(count: number, what: string, least: number): void {
  if (!Number.isInteger(count) || count < least)
    throw new ValueError(`${what} is an integer from ${least} up, got ${count}`);
}

/** The last two axes of a stack of matrices. */
function matrixShape(name: string, x: GraphNode, offset: number): [rows: number, columns: number] {
  return explain(name, [x], () => {
    if (x.shape.length < 2) throw new ValueError('the operand needs at least two axes');
    if (!Number.isInteger(offset)) throw new ValueError(`the offset is an integer, got ${offset}`);
    return [x.shape.at(-2)!, x.shape.at(-1)!];
  });
}

/** The elements of matrices for which `keeps` holds, 0 elsewhere. */
function masked(
  name: string,
  x: GraphNode,
  offset: number,
  keeps: (distance: number) => boolean,
): GraphNode {
  const [rows, columns] = matrixShape(name, x, offset);
  const mask = Array.from({ length: rows * columns }, (_, i) =>
    keeps((i % columns) - Math.floor(i / columns)),
  );
  return where(tensor(mask, { shape: [rows, columns], kind: 'boolean' }), x, 0);
}

/**
 * Parts of an axis, one after the other: as many equal ones as said, or of the lengths said.
 *
 * @param axis - default 0; negative ones count from the back.
 * @throws {@link ValueError} when the axis does not exist or the parts do not fill it.
 * @example
 * ```ts
 * import { evaluate, Graph, split } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3, 4] });
 * evaluate(split(x, 2)).map((part) => part.toArray()); // => [[1, 2], [3, 4]]
 * evaluate(split(x, [1, 3])).map((part) => part.toArray()); // => [[1], [2, 3, 4]]
 * ```
 */
export function split(
  x: GraphNode,
  parts: number | readonly number[],
  axis: number = 0,
): GraphNode[] {
  const { at, lengths } = explain('split', [x], () => {
    const found = normalizeAxis(axis, x.shape.length);
    const length = x.shape[found]!;
    if (typeof parts !== 'number') {
      for (const part of parts) checkCount(part, 'the length of a part', 0);
      const total = parts.reduce((sum, part) => sum + part, 0);
      if (total !== length)
        throw new ValueError(
          `parts of lengths [${parts.join(', ')}] have ${total} elements, axis ${found} has ${length}`,
        );
      return { at: found, lengths: parts };
    }
    checkCount(parts, 'the number of parts', 1);
    if (length % parts !== 0)
      throw new ValueError(
        `axis ${found} of length ${length} cannot be split into ${parts} equal parts; give their lengths`,
      );
    return { at: found, lengths: Array.from({ length: parts }, () => length / parts) };
  });
  let start = 0;
  return lengths.map((length) => slice(x, along(at, { start, end: (start += length) })));
}

/**
 * Elements of the given axes, by default of all, in reverse order.
 *
 * @throws {@link ValueError} when an axis does not exist.
 * @example
 * ```ts
 * import { evaluate, flip, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3] });
 * evaluate(flip(x)).toArray(); // => [3, 2, 1]
 * ```
 */
export function flip(x: GraphNode, axes?: number | readonly number[]): GraphNode {
  const turned = explain('flip', [x], () => normalizeAxes(axes, x.shape.length));
  return slice(
    x,
    x.shape.map((_, axis) => (turned.includes(axis) ? { step: -1 } : {})),
  );
}

/**
 * Elements of an axis moved by `shift` places towards its end; those that leave it come in at the start.
 *
 * @param axis - default 0.
 * @throws {@link ValueError} when the axis does not exist or the shift is not an integer.
 * @example
 * ```ts
 * import { evaluate, Graph, roll } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3, 4] });
 * evaluate(roll(x, 1)).toArray(); // => [4, 1, 2, 3]
 * ```
 */
export function roll(x: GraphNode, shift: number, axis: number = 0): GraphNode {
  const { at, cut } = explain('roll', [x], () => {
    if (!Number.isInteger(shift)) throw new ValueError(`the shift is an integer, got ${shift}`);
    const found = normalizeAxis(axis, x.shape.length);
    const length = x.shape[found]!;
    return { at: found, cut: length === 0 ? 0 : (((length - shift) % length) + length) % length };
  });
  return concat([slice(x, along(at, { start: cut })), slice(x, along(at, { end: cut }))], at);
}

/**
 * Every element of an axis `count` times in a row.
 *
 * @param axis - default 0.
 * @throws {@link ValueError} when the axis does not exist or the count is negative.
 * @example
 * ```ts
 * import { evaluate, Graph, repeat } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2] });
 * evaluate(repeat(x, 2)).toArray(); // => [1, 1, 2, 2]
 * ```
 */
export function repeat(x: GraphNode, count: number, axis: number = 0): GraphNode {
  const at = explain('repeat', [x], () => {
    checkCount(count, 'the count', 0);
    return normalizeAxis(axis, x.shape.length);
  });
  const { shape } = x;
  const [before, after] = [shape.slice(0, at + 1), shape.slice(at + 1)];
  const spread = broadcastTo(expandDims(x, at + 1), [...before, count, ...after]);
  return reshape(spread, [...shape.slice(0, at), shape[at]! * count, ...after]);
}

/**
 * The whole array repeated: `counts[i]` times along axis `i`, aligned at the last axes.
 *
 * @throws {@link ValueError} when a count is negative.
 * @example
 * ```ts
 * import { evaluate, Graph, tile } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2] });
 * evaluate(tile(x, [2, 2])).toArray(); // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export function tile(x: GraphNode, counts: readonly number[]): GraphNode {
  explain('tile', [x], () => {
    for (const count of counts) checkCount(count, 'a count', 0);
  });
  const rank = Math.max(counts.length, x.shape.length);
  const times = [...new Array<number>(rank - counts.length).fill(1), ...counts];
  const shape = [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape];
  const apart: Shape = shape.flatMap((length) => [1, length]);
  const spread = broadcastTo(
    reshape(x, apart),
    shape.flatMap((length, axis) => [times[axis]!, length]),
  );
  return reshape(
    spread,
    shape.map((length, axis) => length * times[axis]!),
  );
}

/**
 * The part of matrices above their diagonal and on it, 0 elsewhere.
 *
 * @param offset - how far above the main diagonal the boundary is; negative ones are below it. Default 0.
 * @throws {@link ValueError} when there are fewer than two axes.
 * @example
 * ```ts
 * import { evaluate, Graph, triu } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[1, 2], [3, 4]] });
 * evaluate(triu(x)).toArray(); // => [[1, 2], [0, 4]]
 * ```
 */
export function triu(x: GraphNode, offset: number = 0): GraphNode {
  return masked('triu', x, offset, (distance) => distance >= offset);
}

/**
 * The part of matrices below their diagonal and on it, 0 elsewhere.
 *
 * @param offset - how far above the main diagonal the boundary is; negative ones are below it. Default 0.
 * @throws {@link ValueError} when there are fewer than two axes.
 * @example
 * ```ts
 * import { evaluate, Graph, tril } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[1, 2], [3, 4]] });
 * evaluate(tril(x)).toArray(); // => [[1, 0], [3, 4]]
 * ```
 */
export function tril(x: GraphNode, offset: number = 0): GraphNode {
  return masked('tril', x, offset, (distance) => distance <= offset);
}

/**
 * The diagonals of matrices, along the last axis.
 *
 * @param offset - how far above the main diagonal; negative ones are below it. Default 0.
 * @throws {@link ValueError} when there are fewer than two axes.
 * @example
 * ```ts
 * import { diagonal, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [[1, 2], [3, 4]] });
 * evaluate(diagonal(x)).toArray(); // => [1, 4]
 * evaluate(diagonal(x, 1)).toArray(); // => [2]
 * ```
 */
export function diagonal(x: GraphNode, offset: number = 0): GraphNode {
  const [rows, columns] = matrixShape('diagonal', x, offset);
  const [top, left] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(Math.min(rows - top, columns - left), 0);
  // In the matrix written row after row, neighbours on a diagonal are one row and one column apart.
  const start = length === 0 ? 0 : top * columns + left;
  const stack = x.shape.slice(0, -2);
  const end = length === 0 ? 0 : start + (length - 1) * (columns + 1) + 1;
  return slice(
    reshape(x, [...stack, rows * columns]),
    along(stack.length, { start, end, step: columns + 1 }),
  );
}

/**
 * Elements at given positions of an axis, like {@link gather}, also by a list of numbers.
 *
 * @param axis - default 0.
 * @throws {@link ValueError} when the axis does not exist or a listed index is outside it.
 * @example
 * ```ts
 * import { evaluate, Graph, take } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [10, 20, 30] });
 * evaluate(take(x, [2, 0])).toArray(); // => [30, 10]
 * ```
 */
export function take(
  x: GraphNode,
  indices: GraphNode | readonly number[],
  axis: number = 0,
): GraphNode {
  if (!Array.isArray(indices)) return gather(x, indices as GraphNode, axis);
  const places = explain('take', [x], () => {
    const length = x.shape[normalizeAxis(axis, x.shape.length)]!;
    const outside = (indices as readonly number[]).find(
      (index) => index < -length || index >= length,
    );
    if (outside !== undefined)
      throw new ValueError(`index ${outside} is outside an axis of length ${length}`);
    return tensor(indices, { kind: 'integer' });
  });
  return gather(x, x.graph.constant(places), axis);
}

/**
 * Rows of a table at given positions: vectors that stand for words or labels.
 *
 * @param indices - of kind integer.
 * @throws {@link ShapeError} when the indices are not integers.
 * @example
 * ```ts
 * import { embedding, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const table = graph.input('table', { value: [[1, 2], [3, 4]] });
 * const words = graph.input('words', { kind: 'integer', value: [1, 1, 0] });
 * evaluate(embedding(table, words)).toArray(); // => [[3, 4], [3, 4], [1, 2]]
 * ```
 */
export function embedding(table: GraphNode, indices: GraphNode): GraphNode {
  return gather(table, indices);
}
