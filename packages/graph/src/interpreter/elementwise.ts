/**
 * Elementwise rows over arrays: one loop over the elements of the result, reading each operand where broadcasting
 * puts it.
 */
import { numbers } from '../algebra/numbers.ts';
import { viewPositions } from '../rows/views.ts';
import type { ElementwiseRow, Kernel } from '../rows/row.ts';
import { broadcastStrides, sameShape, sizeOf, type Shape } from '../shape.ts';
import type { Type } from '../tensor.ts';

/**
 * Where broadcasting reads an operand: element `i` of the result meets element `i * step` of the operand, or
 * `positions[i]` where that is not so simple.
 */
export interface BroadcastIndex {
  /** 1 for an operand of the result's shape, 0 for a single element. */
  readonly step: 0 | 1;
  /** The positions, or `null` when the step says it all. */
  readonly positions: Int32Array | null;
}

/** How an operand of `shape` is read when broadcast to `target`. */
export function broadcastIndex(shape: Shape, target: Shape): BroadcastIndex {
  if (sizeOf(shape) === 1) return { step: 0, positions: null };
  if (sameShape(shape, target) || sizeOf(shape) === sizeOf(target))
    return { step: 1, positions: null };
  return { step: 1, positions: viewPositions(target, broadcastStrides(shape, target)) };
}

/** The position that element `i` of the result reads. */
export function positionIn(index: BroadcastIndex, i: number): number {
  return index.positions === null ? i * index.step : index.positions[i]!;
}

/** Prepares the value of an elementwise row for these types. */
export function elementwiseKernel(
  row: ElementwiseRow,
  operands: readonly Type[],
  result: Type,
): Kernel {
  const indices = operands.map((operand) => broadcastIndex(operand.shape, result.shape));
  if (row.arity === 1) {
    return (out, [x]) => {
      for (let i = 0; i < out.length; i++) out[i] = row.value(numbers, x![i]!, 0, 0);
    };
  }
  const [ix, iy] = [indices[0]!, indices[1]!];
  if (row.arity === 2) {
    return (out, [x, y]) => {
      for (let i = 0; i < out.length; i++) {
        out[i] = row.value(numbers, x![positionIn(ix, i)]!, y![positionIn(iy, i)]!, 0);
      }
    };
  }
  const iz = indices[2]!;
  return (out, [x, y, z]) => {
    for (let i = 0; i < out.length; i++) {
      out[i] = row.value(
        numbers,
        x![positionIn(ix, i)]!,
        y![positionIn(iy, i)]!,
        z![positionIn(iz, i)]!,
      );
    }
  };
}
