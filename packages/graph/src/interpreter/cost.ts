/** What a node costs to compute, by its type alone. */
import type { Arena } from '../arena.ts';
import { Body } from '../body.ts';
import type { Attributes } from '../rows/row.ts';
import { sizeOf } from '../shape.ts';
import { ancestorsOf } from './schedule.ts';

/**
 * Arithmetic operations on elements: one per element of an elementwise result or of a reduced operand, two per term
 * of a product of matrices or a convolution, none for moving elements. Of a branch both bodies count, and of a loop of
 * unknown length one step.
 */
export function flopsOf(arena: Arena, id: number): number {
  const row = arena.rowOf(id);
  const result = sizeOf(arena.typeOf(id).shape);
  if (row.family === 'elementwise') return result;
  if (row.family === 'control') return flopsOfControl(arena.attributes.get(id)!);
  const operand = arena.operandIds[arena.operandStarts[id]!];
  if (row.family === 'leaf' || operand === undefined) return 0;
  const { shape } = arena.typeOf(operand);
  if (row.family === 'bilinear') {
    const other = arena.operandIds[arena.operandStarts[id]! + 1]!;
    return 2 * result * (row.terms?.(arena.typeOf(other)) ?? shape.at(-1) ?? 1);
  }
  return row.family === 'reduction' || sizeOf(shape) > result ? sizeOf(shape) : 0;
}

function flopsOfControl(attributes: Attributes): number {
  let flops = 0;
  for (const body of Object.values(attributes)) {
    if (!(body instanceof Body)) continue;
    const { arena } = body.graph;
    const needed = ancestorsOf(
      arena,
      body.outputs.map(({ id }) => id),
    );
    for (const id of needed) flops += flopsOf(arena, id);
  }
  const { length } = attributes;
  return typeof length === 'number' ? length * flops : flops;
}
