/**
 * Strided views: the elements of an array in another order, as a list of positions. Reshaping apart, every layout
 * operation (permuting, broadcasting, slicing) reads its operand through such a list.
 */
import { sizeOf, stridesOf, type Shape } from '../shape.ts';
import type { Kernel } from './row.ts';

/**
 * The position in the data of each element of a view, row-major in the view's shape.
 *
 * @param shape - the shape of the view.
 * @param strides - how far the position moves along each axis of the view.
 * @param offset - the position of the first element.
 */
export function viewPositions(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  const size = sizeOf(shape);
  const positions = new Int32Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let i = 0; i < size; i++) {
    positions[i] = position;
    // Count up like an odometer: the last axis fastest, carrying into the axis before it.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return positions;
}

/** A kernel that copies the elements of its first operand from the given positions. */
export function readAt(positions: Int32Array): Kernel {
  return (result, operands) => {
    const source = operands[0]!;
    for (let i = 0; i < positions.length; i++) result[i] = source[positions[i]!]!;
  };
}

/** A kernel that copies its first operand as it is. */
export const copy: Kernel = (result, operands) => {
  result.set(operands[0]!);
};

/**
 * For a reduction over `axes`: where each result's elements start, and how they are spread from there. The element
 * `k` of result `i` is at `starts[i] + steps[k]`.
 */
export function reductionPositions(
  shape: Shape,
  axes: readonly number[],
): { readonly starts: Int32Array; readonly steps: Int32Array } {
  const strides = stridesOf(shape);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const pick = (which: readonly number[]): Int32Array =>
    viewPositions(
      which.map((axis) => shape[axis]!),
      which.map((axis) => strides[axis]!),
    );
  return { starts: pick(kept), steps: pick(axes) };
}

/**
 * Where the element of each window is: strides along the axes within a window, then along those that say which window,
 * for an array with these strides.
 *
 * @internal
 */
export function windowStrides(
  own: readonly number[],
  {
    strides,
    dilations,
  }: { readonly strides: readonly number[]; readonly dilations: readonly number[] },
): number[] {
  const lead = own.length - strides.length;
  const spatial = own.slice(lead);
  return [
    ...own.slice(0, lead),
    ...spatial.map((stride, i) => stride * dilations[i]!),
    ...spatial.map((stride, i) => stride * strides[i]!),
  ];
}
