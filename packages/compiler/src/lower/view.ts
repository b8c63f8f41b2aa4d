/**
 * Views: arrays as they lie in memory. Transposing, broadcasting and slicing make another view of the same buffer;
 * only what cannot be seen that way is copied.
 */
import { sizeOf, stridesOf, type Shape } from '@ad/graph';

/** A contiguous piece of the program's memory that holds the value of a node. */
export interface Buffer {
  /** The node whose value it holds. */
  readonly node: number;
  /** How elements are stored: numbers and truth values in the program's precision, integers in 32 bits. */
  readonly storage: 'real' | 'integer';
  /** The number of elements. */
  readonly size: number;
  /** Where it is, in bytes; set by the memory plan. */
  address: number;
  /** Of an entry of a stack that loops read or write where it lies: an integer, its number from `address` on. */
  readonly entryAt?: Buffer;
}

/** An array seen in a buffer: element (i, j, ...) is at `offset + i * strides[0] + j * strides[1] + ...`. */
export interface View {
  /** Where the elements are. */
  readonly buffer: Buffer;
  /** The position of the first element, in elements. */
  readonly offset: number;
  /** The dimensions. */
  readonly shape: Shape;
  /** How far apart neighbours along each axis are, in elements; 0 along broadcast axes and where positions say it. */
  readonly strides: readonly number[];
  /** Where the elements along one axis are, if integers say so. Only loops that gather read such views. */
  readonly positions?: Positions;
}

/** An axis whose element i is at `stride * indices[i]`. */
export interface Positions {
  readonly axis: number;
  /** Row-major, all within the bounds; negative ones count from the end. */
  readonly indices: Buffer;
  /** How many positions there are to choose from, and how far apart they are, in elements. */
  readonly length: number;
  readonly stride: number;
}

/** The whole buffer, row-major. */
export function contiguousView(buffer: Buffer, shape: Shape): View {
  return { buffer, offset: 0, shape, strides: stridesOf(shape) };
}

/** Whether the elements lie one after the other in row-major order. */
export function isContiguous(view: View): boolean {
  let expected = 1;
  for (let axis = view.shape.length - 1; axis >= 0; axis--) {
    if (view.shape[axis] !== 1 && view.strides[axis] !== expected) return false;
    expected *= view.shape[axis]!;
  }
  return true;
}

/** Whether two views of one shape have the same elements. */
export function isSameView(left: View, right: View): boolean {
  return (
    left.buffer === right.buffer &&
    left.offset === right.offset &&
    left.strides.every((stride, axis) => stride === right.strides[axis])
  );
}

/** The view stretched to a larger shape by the broadcasting rule. */
export function broadcastView(view: View, shape: Shape): View {
  const lead = shape.length - view.shape.length;
  const strides = shape.map((_, axis) =>
    axis < lead || view.shape[axis - lead] === 1 ? 0 : view.strides[axis - lead]!,
  );
  return { ...view, shape, strides };
}

/** The view in another shape of the same size, or `undefined` where that needs a copy. */
export function reshapedView(view: View, shape: Shape): View | undefined {
  if (sizeOf(shape) === 1) return { ...view, shape, strides: shape.map(() => 0) };
  if (isContiguous(view)) return { ...view, shape, strides: stridesOf(shape) };
  const strides = new Array<number>(shape.length).fill(0);
  let axis = shape.length - 1;
  // From the last axis on: axes that lie one in the other are one run of elements, which new axes must fill exactly.
  for (const run of runsOf(view).reverse()) {
    let length = 1;
    for (; axis >= 0 && length < run.length; axis--) {
      strides[axis] = shape[axis] === 1 ? 0 : run.stride * length;
      length *= shape[axis]!;
    }
    if (length !== run.length) return undefined;
  }
  return { ...view, shape, strides };
}

/** Elements at equal distances. */
interface Run {
  readonly length: number;
  readonly stride: number;
}

/** The axes of a view, longer than 1, as few as it can be seen with. */
function runsOf({ shape, strides }: View): Run[] {
  const runs: Run[] = [];
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    const stride = strides[axis]!;
    const outer = runs.at(-1);
    const continues = outer !== undefined && outer.stride === stride * length;
    if (continues) runs.pop();
    runs.push({ length: continues ? outer.length * length : length, stride });
  }
  return runs;
}
