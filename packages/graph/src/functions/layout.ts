/** Functions that build nodes: other shapes of the same elements, parts of arrays, and arrays joined. */
import { apply, resultType } from '../apply.ts';
import { ShapeError, ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import * as rows from '../rows/layout.ts';
import * as partRows from '../rows/parts.ts';
import {
  checkList,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
  type Shape,
} from '../shape.ts';

/**
 * The same elements, row-major, in another shape.
 *
 * @param shape - one dimension may be -1: it follows from the others.
 * @throws {@link ShapeError} when the number of elements differs.
 * @example
 * ```ts
 * import { Graph, reshape } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 6] });
 * reshape(x, [3, -1]).shape; // => [3, 4]
 * ```
 */
export function reshape(x: GraphNode, shape: Shape): GraphNode {
  return apply(rows.reshape, [x], () => ({ shape: completeShape(x, shape) }));
}

/** The shape with -1 replaced by the length that makes it hold the elements of `x`. */
function completeShape(x: GraphNode, shape: Shape): Shape {
  const free = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  if (free < 0) return Array.isArray(shape) ? [...(shape as Shape)] : shape;
  const length = sizeOf(x.shape) / sizeOf(shape.filter((_, axis) => axis !== free));
  if (shape.includes(-1, free + 1) || !Number.isInteger(length)) {
    throw new ShapeError(
      `no length for -1 makes [${shape.join(', ')}] hold ${sizeOf(x.shape)} elements`,
    );
  }
  return shape.map((d, axis) => (axis === free ? length : d));
}

/**
 * The axes in another order; by default reversed, which transposes a matrix.
 *
 * @param axes - result axis `i` is axis `axes[i]` of `x`; negative ones count from the back.
 * @throws {@link ShapeError} or {@link ValueError} when `axes` is not a permutation of the axes.
 * @example
 * ```ts
 * import { Graph, transpose } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 3, 4] });
 * transpose(x).shape; // => [4, 3, 2]
 * transpose(x, [0, 2, 1]).shape; // => [2, 4, 3]
 * ```
 */
export function transpose(x: GraphNode, axes?: readonly number[]): GraphNode {
  return apply(rows.transpose, [x], () => {
    const rank = x.shape.length;
    const reversed = x.shape.map((_, axis) => rank - 1 - axis);
    if (axes !== undefined) checkList(axes, 'the axes', 'numbers');
    return { permutation: axes?.map((axis) => normalizeAxis(axis, rank)) ?? reversed };
  });
}

/**
 * `x` repeated to a larger shape by NumPy's broadcasting rule. Elementwise operations do this by themselves.
 *
 * @throws {@link ShapeError} when `x` does not broadcast to exactly this shape.
 * @example
 * ```ts
 * import { broadcastTo, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 1] });
 * evaluate(broadcastTo(x, [2, 3]), { x: [[1], [2]] }).toArray(); // => [[1, 1, 1], [2, 2, 2]]
 * ```
 */
export function broadcastTo(x: GraphNode, shape: Shape): GraphNode {
  return apply(rows.broadcast, [x], () => {
    checkShape(shape, 'the new shape');
    return { shape: [...shape] };
  });
}

/**
 * `x` with an axis of length 1 inserted before axis `axis` of the result.
 *
 * @throws {@link ValueError} when the result has no such axis.
 * @example
 * ```ts
 * import { expandDims, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [2, 3] });
 * expandDims(x, 1).shape; // => [2, 1, 3]
 * expandDims(x, -1).shape; // => [2, 3, 1]
 * ```
 */
export function expandDims(x: GraphNode, axis: number): GraphNode {
  const at = explain('expandDims', [x], () => normalizeAxis(axis, x.shape.length + 1));
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/**
 * `x` without axes of length 1.
 *
 * @param axes - which; default all that have length 1.
 * @throws {@link ShapeError} when a named axis is longer.
 * @example
 * ```ts
 * import { Graph, squeeze } from '@ad/graph';
 *
 * const x = new Graph().input('x', { shape: [1, 3, 1] });
 * squeeze(x).shape; // => [3]
 * squeeze(x, 0).shape; // => [3, 1]
 * ```
 */
export function squeeze(x: GraphNode, axes?: number | readonly number[]): GraphNode {
  const dropped = explain('squeeze', [x], () => {
    if (axes === undefined) return x.shape.flatMap((length, axis) => (length === 1 ? [axis] : []));
    const named = normalizeAxes(axes, x.shape.length);
    const long = named.find((axis) => x.shape[axis] !== 1);
    if (long === undefined) return named;
    throw new ShapeError(
      `axis ${long} has length ${x.shape[long]}; only axes of length 1 can be dropped`,
    );
  });
  return reshape(
    x,
    x.shape.filter((_, axis) => !dropped.includes(axis)),
  );
}

/** A part of one axis: from `start` up to but not including `end`, every `step`-th element. */
export interface SliceRange {
  /** The first index; negative ones count from the back. Default: the first element, or the last for a negative step. */
  readonly start?: number;
  /** Where to stop, not included; negative ones count from the back. Default: past the last element in the step's direction. */
  readonly end?: number;
  /** How far apart; negative steps read backwards. Default 1. */
  readonly step?: number;
}

/** First index, count and step of a range on an axis of this length, clamped to it as in Python. */
function resolveRange(
  range: SliceRange,
  length: number,
): { start: number; count: number; step: number } {
  checkNames(undefined, range, ['start', 'end', 'step']);
  const step = range.step ?? 1;
  if (!Number.isInteger(step) || step === 0)
    throw new ValueError(`a step is an integer other than 0, got ${step}`);
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (index: number | undefined, fallback: number): number => {
    if (index === undefined) return fallback;
    if (!Number.isInteger(index)) throw new ValueError(`start and end are integers, got ${index}`);
    return Math.min(Math.max(index < 0 ? index + length : index, low), high);
  };
  const start = place(range.start, step > 0 ? low : high);
  const end = place(range.end, step > 0 ? high : low);
  const count = Math.max(Math.ceil((end - start) / step), 0);
  return { start: count === 0 ? 0 : start, count, step };
}

/**
 * A part of an array: one range per axis, from the first axis on; axes without a range are taken whole. Ranges
 * are clamped to the axis, as in Python.
 *
 * @throws {@link ShapeError} when there are more ranges than axes; {@link ValueError} for a step of 0 or a fraction.
 * @example
 * ```ts
 * import { evaluate, Graph, slice } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [0, 1, 2, 3, 4, 5] });
 * evaluate(slice(x, [{ start: 1, end: 5, step: 2 }])).toArray(); // => [1, 3]
 * evaluate(slice(x, [{ step: -1 }])).toArray(); // => [5, 4, 3, 2, 1, 0]
 * ```
 */
export function slice(x: GraphNode, ranges: readonly SliceRange[]): GraphNode {
  return apply(partRows.slice, [x], () => {
    checkList(ranges, 'the ranges', 'one for each axis, as in [{ start: 1 }]');
    if (ranges.length > x.shape.length) {
      throw new ShapeError(`got ${ranges.length} ranges for ${x.shape.length} axes`);
    }
    const resolved = x.shape.map((length, axis) => resolveRange(ranges[axis] ?? {}, length));
    return {
      starts: resolved.map((range) => range.start),
      lengths: resolved.map((range) => range.count),
      steps: resolved.map((range) => range.step),
    };
  });
}

/**
 * `x` with zeros around it: `padding[axis] = [before, after]`.
 *
 * @throws {@link ShapeError} when there is not one non-negative pair per axis.
 * @example
 * ```ts
 * import { evaluate, Graph, pad } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [1, 2] });
 * evaluate(pad(x, [[1, 2]])).toArray(); // => [0, 1, 2, 0, 0]
 * ```
 */
export function pad(
  x: GraphNode,
  padding: readonly (readonly [before: number, after: number])[],
): GraphNode {
  return apply(partRows.pad, [x], () => {
    const words = 'pairs, one for each axis, as in [[1, 2]]';
    checkList(padding, 'the margins', words);
    for (const margins of padding) checkList(margins, 'the margins of an axis', words);
    return {
      before: padding.map(([before]) => before),
      after: padding.map(([, after]) => after),
      between: padding.map(() => 0),
    };
  });
}

/**
 * Arrays joined along an axis; all other dimensions agree.
 *
 * @param axis - default 0; negative ones count from the back.
 * @throws {@link ShapeError} when shapes disagree; {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { concat, evaluate, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: [1, 2] });
 * const y = graph.input('y', { value: [3] });
 * evaluate(concat([x, y])).toArray(); // => [1, 2, 3]
 * ```
 */
export function concat(parts: readonly GraphNode[], axis: number = 0): GraphNode {
  checkList(parts, 'concat: the parts', 'nodes, as in concat([x, y])');
  if (parts.length === 0) throw new ShapeError('concat: nothing to join; give at least one node');
  return apply(partRows.concat, parts, () => ({
    axis: normalizeAxis(axis, parts[0]!.shape.length),
  }));
}

/**
 * Arrays of one shape joined along a new axis.
 *
 * @param axis - where the new axis is in the result; default 0.
 * @throws {@link ShapeError} when shapes differ.
 * @example
 * ```ts
 * import { evaluate, Graph, stack } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: 1 });
 * const y = graph.input('y', { value: 2 });
 * evaluate(stack([x, y])).toArray(); // => [1, 2]
 * ```
 */
export function stack(parts: readonly GraphNode[], axis: number = 0): GraphNode {
  checkList(parts, 'stack: the parts', 'nodes, as in stack([x, y])');
  if (parts.length === 0) throw new ShapeError('stack: nothing to join; give at least one node');
  // Checked as a whole before the first node is built: a failed call leaves nothing behind.
  const at = explain('stack', parts, () => {
    const where = normalizeAxis(axis, parts[0]!.shape.length + 1);
    const types = parts.map(({ shape, kind }) => {
      return { shape: [...shape.slice(0, where), 1, ...shape.slice(where)], kind };
    });
    resultType(partRows.concat, types, { axis: where });
    return where;
  });
  return concat(
    parts.map((part) => expandDims(part, at)),
    at,
  );
}
