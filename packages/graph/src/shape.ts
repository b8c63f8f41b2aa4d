/**
 * Shapes: lists of non-negative dimensions, row-major, `[]` for a scalar, with the broadcasting rules of NumPy.
 *
 * Two shapes broadcast when, aligned at their last axes, each pair of dimensions is equal or one of them is 1.
 */
import { ShapeError, ValueError } from './errors.ts';
import { describeValue } from './options.ts';

/** The most elements that an array can have, and the longest axis. */
const MAX_SIZE = 2 ** 31 - 1;

/** The dimensions of an array, outermost first. A scalar has shape `[]`. */
export type Shape = readonly number[];

/**
 * The number of elements of an array of this shape; 1 for a scalar.
 *
 * @example
 * ```ts
 * import { sizeOf } from '@ad/graph';
 *
 * sizeOf([2, 3]); // => 6
 * sizeOf([]); // => 1
 * ```
 */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** A shape as people write it: `[2, 3]`, and `[] (a scalar)` for a scalar. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? '[] (a scalar)' : `[${shape.join(', ')}]`;
}

/** Whether two shapes are the same, dimension by dimension. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/**
 * The shape that results from broadcasting all the given shapes together (NumPy's rule).
 *
 * @throws {@link ShapeError} when two dimensions differ and neither is 1.
 * @example
 * ```ts
 * import { broadcastShapes } from '@ad/graph';
 *
 * broadcastShapes([4, 1], [3]); // => [4, 3]
 * broadcastShapes([2], [3]); // throws /2 and 3/
 * ```
 */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  let rank = 0;
  for (const shape of shapes) rank = Math.max(rank, shape.length);
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const lead = rank - shape.length;
    for (let axis = 0; axis < shape.length; axis++) {
      const dimension = shape[axis]!;
      const sofar = result[lead + axis]!;
      if (dimension === sofar || dimension === 1) continue;
      if (sofar !== 1) {
        throw new ShapeError(
          `${shapes.map(formatShape).join(' and ')} do not broadcast: ` +
            `dimensions ${sofar} and ${dimension} at axis ${axis - shape.length} are different and neither is 1`,
        );
      }
      result[lead + axis] = dimension;
    }
  }
  return result;
}

/** The row-major strides of a shape: how far apart, in elements, neighbours along each axis lie. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/**
 * Strides with which an array of `shape` is read as if it had been broadcast to `target`: 0 along stretched axes.
 * The caller has checked that the shapes broadcast.
 */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : own[axis - lead]!));
}

/**
 * An axis counted from the front; negative axes count from the back, as in NumPy.
 *
 * @throws {@link ValueError} when there is no such axis.
 */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range =
      rank === 0 ? 'a scalar has no axes' : `expected an integer from ${-rank} to ${rank - 1}`;
    throw new ValueError(`axis ${describeValue(axis)} does not exist: ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * Checks that what should be a list is one.
 *
 * @param words - what it is a list of.
 * @throws {@link ValueError} otherwise.
 */
export function checkList(list: unknown, what: string, words: string): void {
  if (Array.isArray(list)) return;
  throw new ValueError(`${what} are ${describeValue(list)}, expected a list of ${words}`);
}

/**
 * Axes as an ascending list without repeats; `undefined` means all of them.
 *
 * @throws {@link ValueError} when an axis does not exist or is named twice.
 */
export function normalizeAxes(
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = typeof axes === 'number' ? [axes] : axes;
  checkList(list, 'the axes', 'numbers');
  const result = list.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
  for (let i = 1; i < result.length; i++) {
    if (result[i] === result[i - 1])
      throw new ValueError(`axis ${result[i]} is named twice in [${list.join(', ')}]`);
  }
  return result;
}

/**
 * The shape after reducing over `axes` (ascending, normalised): dropped, or kept with length 1.
 */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/**
 * Checks that a shape is a list of non-negative integers whose product is a size that an array can have.
 *
 * @throws {@link ShapeError} otherwise.
 */
export function checkShape(shape: unknown, what: string): asserts shape is Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`${what}: expected a list of dimensions, got ${typeof shape}`);
  }
  const shown = (shape as unknown[]).map((d) => (typeof d === 'number' ? d : typeof d)).join(', ');
  for (const dimension of shape as unknown[]) {
    if (typeof dimension !== 'number' || !Number.isInteger(dimension) || dimension < 0) {
      throw new ShapeError(
        `${what}: dimensions are non-negative integers, got [${shown}]; write [] for a scalar`,
      );
    }
  }
  // Of each dimension too: beside a 0 any other would pass.
  if (sizeOf(shape as number[]) > MAX_SIZE || (shape as number[]).some((d) => d > MAX_SIZE)) {
    throw new ShapeError(`${what}: [${shown}] has more than 2^31 - 1 elements`);
  }
}
