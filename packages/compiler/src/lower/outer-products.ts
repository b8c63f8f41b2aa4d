/**
 * Products of columns with rows: nothing is summed, so they are operations on elements that are read along different
 * axes, and share the loop of whoever uses them.
 */
import type { ElementwiseRow } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { Classes } from './classes.ts';

const outer: ElementwiseRow = {
  name: 'outer',
  family: 'elementwise',
  arity: 2,
  formula: 'x y',
  resultKind: 'real',
  // A sum of one product begins with 0, so it is never -0.
  value: (A, x, y) => A.add(A.mul(x, y), A.constant(0)),
  partials: [],
};

/** Makes elementwise operations of the products whose inner dimension is 1. */
export function rewriteOuterProducts(simplified: Simplified, classes: Classes): void {
  for (const node of simplified.order) {
    const isProduct = simplified.rowOf(node).family === 'bilinear';
    if (classes.of(node) !== 'contraction' || !isProduct) continue;
    const operands = simplified.operandsOf(node);
    if (simplified.arena.typeOf(operands[0]!).shape.at(-1) !== 1) continue;
    simplified.rewrite(node, { row: outer, operands });
    classes.set(node, 'elementwise');
  }
}
