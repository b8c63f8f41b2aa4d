/**
 * Folding: what depends on known numbers alone is a known number, computed as the interpreter does. Layouts of one
 * number repeated are that number repeated, and elementwise operations on such arrays are computed once. In single
 * precision a folded number is rounded once, at the end.
 */
import { type ElementwiseRow, type Lowering, numbers } from '@ad/graph';
import { strongMul } from '@ad/graph/rows';
import type { Simplified } from './simplified.ts';

/** Linear operations whose results hold nothing but elements of their operand. */
const LAYOUTS: ReadonlySet<Lowering | undefined> = new Set<Lowering>([
  'reshape',
  'broadcast',
  'transpose',
  'slice',
]);

/** Sets the value of a leaf, or of a node that has known operands, if it follows from what is known. */
export function fold(simplified: Simplified, node: number): void {
  const row = simplified.rowOf(node);
  if (row.family === 'leaf') {
    const value = simplified.graph.constantValue(node);
    if (typeof value === 'number') simplified.setUniform(node, value);
  } else if (row.family === 'elementwise') {
    foldElementwise(simplified, node, row);
  } else if (LAYOUTS.has(row.lowering)) {
    simplified.setUniform(node, simplified.uniformValue(simplified.operand(node, 0))!);
  }
}

function foldElementwise(simplified: Simplified, node: number, row: ElementwiseRow): void {
  const { operandStarts, operandEnds, operandIds } = simplified;
  const start = operandStarts[node]!;
  const end = operandEnds[node]!;
  // Most nodes with known operands have one that is not.
  let known = 0;
  for (let e = start; e < end; e++) if (simplified.isUniform(operandIds[e]!)) known++;
  if (known < row.arity && row !== strongMul) return;
  const x = simplified.uniformValue(operandIds[start]!);
  const y = row.arity > 1 ? simplified.uniformValue(operandIds[start + 1]!) : 0;
  if (row === strongMul && (x === 0 || y === 0)) {
    simplified.setUniform(node, 0);
    return;
  }
  const z = row.arity > 2 ? simplified.uniformValue(operandIds[start + 2]!) : 0;
  if (x === undefined || y === undefined || z === undefined) return;
  simplified.setUniform(node, row.value(numbers, x, y, z));
}
