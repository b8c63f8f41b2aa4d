/** Functions that build nodes: elements in order, and the first of them. */
import { apply } from '../apply.ts';
import { ValueError } from '../errors.ts';
import { explain } from '../explain.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import * as rows from '../rows/indexing.ts';
import { normalizeAxis, sizeOf } from '../shape.ts';
import { gather } from './indexing.ts';
import { reshape, slice } from './layout.ts';

/** Along which axis to sort, and in which order. */
export interface SortOptions {
  /** Default the last one. */
  readonly axis?: number;
  /** The largest first. Default false. */
  readonly descending?: boolean;
}

/** The largest or smallest elements of an axis, and where they are. */
export interface TopK {
  /** The elements, the most extreme first. */
  readonly values: GraphNode;
  /** Their positions in the axis, of kind integer. */
  readonly indices: GraphNode;
}

/** The axis of some options, whose names are checked. */
function axisOf(
  x: GraphNode,
  options: { readonly axis?: number },
  other: 'descending' | 'largest',
): number {
  checkNames(undefined, options, ['axis', other]);
  return normalizeAxis(options.axis ?? -1, x.shape.length);
}

/** How many elements to take, and from which end. */
export interface TopKOptions {
  /** Default the last one. */
  readonly axis?: number;
  /** The largest elements, or else the smallest. Default true. */
  readonly largest?: boolean;
}

/**
 * Positions of the elements of an axis in ascending order, as an integer node. Equal elements keep their order; NaN
 * comes last.
 *
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { argSort, evaluate, Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [30, 10, 20] });
 * evaluate(argSort(x)).toArray(); // => [1, 2, 0]
 * ```
 */
export function argSort(x: GraphNode, options: SortOptions = {}): GraphNode {
  return apply(rows.argSort, [x], () => ({
    axis: axisOf(x, options, 'descending'),
    descending: options.descending ?? false,
    within: -1,
  }));
}

/**
 * Elements of an axis in ascending order; NaN comes last. Each receives the derivative of the place it has moved to.
 *
 * @throws {@link ValueError} when the axis does not exist.
 * @example
 * ```ts
 * import { evaluate, Graph, sort } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [30, 10, 20] });
 * evaluate(sort(x)).toArray(); // => [10, 20, 30]
 * evaluate(sort(x, { descending: true })).toArray(); // => [30, 20, 10]
 * ```
 */
export function sort(x: GraphNode, options: SortOptions = {}): GraphNode {
  const axis = explain('sort', [x], () => axisOf(x, options, 'descending'));
  const descending = options.descending ?? false;
  const places = apply(rows.argSort, [x], { axis, descending, within: 0 });
  return gather(reshape(x, [sizeOf(x.shape)]), places);
}

/**
 * The `k` largest elements of an axis, the largest first, and their positions as an integer node.
 *
 * @throws {@link ValueError} when the axis does not exist or has fewer than `k` elements.
 * @example
 * ```ts
 * import { evaluate, Graph, topK } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: [30, 10, 20] });
 * const { values, indices } = topK(x, 2);
 * evaluate(values).toArray(); // => [30, 20]
 * evaluate(indices).toArray(); // => [0, 2]
 * ```
 */
export function topK(x: GraphNode, k: number, options: TopKOptions = {}): TopK {
  const axis = explain('topK', [x], () => {
    const along = axisOf(x, options, 'largest');
    const length = x.shape[along]!;
    if (!Number.isInteger(k) || k < 0 || k > length)
      throw new ValueError(
        `k is an integer from 0 to ${length}, the length of axis ${along}, got ${k}`,
      );
    return along;
  });
  const order = { axis, descending: options.largest ?? true };
  const first = x.shape.slice(0, axis + 1).map((_, i) => (i === axis ? { end: k } : {}));
  return { values: slice(sort(x, order), first), indices: slice(argSort(x, order), first) };
}
