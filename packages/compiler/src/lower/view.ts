/**
 * Views: arrays as they lie in memory. Transposing, broadcasting and slicing make another view of the same buffer;
 * only what cannot be seen that way is copied.
 */
import {
  type MemoryBuffer as Buffer,
  type MemoryView as View,
  sizeOf,
  stridesOf,
  type Shape,
} from '@ad/graph';

export {
  contiguousView,
  type MemoryBuffer as Buffer,
  type MemoryPositions as Positions,
  type MemoryView as View,
} from '@ad/graph';

/** A buffer for the value of a node, or for space that is needed on the way to it; it has no address yet. */
export function newBuffer(node: number, size: number, storage: Buffer['storage'] = 'real'): Buffer {
  return { node, storage, size, address: -1 };
}

/** A buffer for so many numbers; `undefined` for none. */
export function newScratch(node: number, size: number): Buffer | undefined {
  return size === 0 ? undefined : newBuffer(node, size);
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
