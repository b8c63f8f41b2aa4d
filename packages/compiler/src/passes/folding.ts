/**
 * Folding: what depends on known numbers alone is a known number, computed as the interpreter does. Layouts of one
 * number repeated are that number repeated, and elementwise operations on such arrays are computed once. In single
 * precision a folded number is rounded once, at the end.
 */
import { type ElementwiseRow, type Lowering, numbers, type Operation } from '@ad/graph';
import { strongMul } from '@ad/graph/rows';
import type { Simplified } from './simplified.ts';

/** Linear operations whose results hold nothing but elements of their operand. */
const LAYOUTS: ReadonlySet<Lowering | undefined> = new Set<Lowering>([
  'reshape',
  'broadcast',
  'transpose',
  'slice',
]);

/** What has to be known for a node to be known. */
export type Folding =
  /** Nothing: it may be a constant. */
  | 'leaf'
  /** The first operand, and others. */
  | 'operands'
  /** The first operand alone. */
  | 'layout'
  /** It never is. */
  | 'never'
  /** One operand, if it is 0. */
  | 'strong';

/** When nodes with this row are known. */
export function foldingOf(row: Operation): Folding {
  if (row.family === 'leaf') return 'leaf';
  if (row.family === 'elementwise') return row === strongMul ? 'strong' : 'operands';
  return LAYOUTS.has(row.lowering) ? 'layout' : 'never';
}

/** Sets the value of a node if it follows from known numbers. */
export function fold(simplified: Simplified, node: number, folding: Folding): void {
  if (folding === 'leaf') {
    const value = simplified.graph.constantValue(node);
    if (typeof value === 'number') simplified.setUniform(node, value);
  } else if (folding === 'strong') {
    foldElementwise(simplified, node);
  } else if (folding !== 'never') {
    // Most nodes are left here, at their first operand.
    const operand = simplified.operand(node, 0);
    if (!simplified.isUniform(operand)) return;
    if (folding === 'layout') simplified.setUniform(node, simplified.uniformValue(operand)!);
    else foldElementwise(simplified, node);
  }
}

function foldElementwise(simplified: Simplified, node: number): void {
  const row = simplified.rowOf(node) as ElementwiseRow;
  const x = simplified.uniformValue(simplified.operand(node, 0));
  const y = row.arity > 1 ? simplified.uniformValue(simplified.operand(node, 1)) : 0;
  if (row === strongMul && (x === 0 || y === 0)) {
    simplified.setUniform(node, 0);
    return;
  }
  const z = row.arity > 2 ? simplified.uniformValue(simplified.operand(node, 2)) : 0;
  if (x === undefined || y === undefined || z === undefined) return;
  simplified.setUniform(node, row.value(numbers, x, y, z));
}
