/** What a node costs to compute, by its type alone. */
import type { Arena } from '../arena.ts';
import { convolution, termsOf } from '../rows/convolution.ts';
import { sizeOf } from '../shape.ts';

/**
 * Arithmetic operations on elements: one per element of an elementwise result or of a reduced operand, two per term
 * of a product of matrices or a convolution, none for moving elements.
 */
export function flopsOf(arena: Arena, id: number): number {
  const row = arena.rowOf(id);
  const result = sizeOf(arena.typeOf(id).shape);
  if (row.family === 'elementwise') return result;
  const operand = arena.operandIds[arena.operandStarts[id]!];
  if (row.family === 'leaf' || operand === undefined) return 0;
  const { shape } = arena.typeOf(operand);
  if (row === convolution) {
    const kernels = arena.typeOf(arena.operandIds[arena.operandStarts[id]! + 1]!).shape;
    return 2 * result * termsOf(kernels);
  }
  if (row.family === 'bilinear') return 2 * result * (shape.at(-1) ?? 1);
  return row.family === 'reduction' || sizeOf(shape) > result ? sizeOf(shape) : 0;
}
