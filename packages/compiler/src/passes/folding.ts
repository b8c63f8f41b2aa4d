/**
 * Folding: what depends on known numbers alone is a known number, computed as the interpreter does. Layouts of one
 * number repeated are that number repeated, and elementwise operations on such arrays are computed once. In single
 * precision a folded number is rounded once, at the end.
 */
import { type ElementwiseRow, numbers, type Operation } from '@ad/graph';
import type { Simplified } from './simplified.ts';

/** Linear operations whose results hold nothing but elements of their operand. */
const LAYOUTS: ReadonlySet<string> = new Set(['reshape', 'broadcast', 'transpose', 'slice']);

/** Sets the value of a node if it follows from known numbers. */
export function fold(simplified: Simplified, node: number, row: Operation): void {
  if (row.family === 'leaf') {
    const value = simplified.graph.constantValue(node);
    if (typeof value === 'number') simplified.setUniform(node, value);
    return;
  }
  if (row.family === 'elementwise') foldElementwise(simplified, node, row);
  else if (row.family === 'linear' && LAYOUTS.has(row.name)) {
    const value = simplified.uniformValue(simplified.operand(node, 0));
    if (value !== undefined) simplified.setUniform(node, value);
  }
}

function foldElementwise(simplified: Simplified, node: number, row: ElementwiseRow): void {
  // Most nodes are left here, at their first operand.
  const x = simplified.uniformValue(simplified.operand(node, 0));
  if (x === undefined && row.name !== 'strongMul') return;
  const y = row.arity > 1 ? simplified.uniformValue(simplified.operand(node, 1)) : 0;
  if (row.name === 'strongMul' && (x === 0 || y === 0)) {
    simplified.setUniform(node, 0);
    return;
  }
  const z = row.arity > 2 ? simplified.uniformValue(simplified.operand(node, 2)) : 0;
  if (x === undefined || y === undefined || z === undefined) return;
  simplified.setUniform(node, row.value(numbers, x, y, z));
}
