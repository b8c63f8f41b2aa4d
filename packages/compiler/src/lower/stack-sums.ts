/**
 * Sums over whole stacks of products: the stack of left factors side by side, times that of right factors one above the
 * other, is one product with a longer inner dimension.
 */
import { sameShape } from '@ad/graph';
import type { Simplified } from '../passes/simplified.ts';
import type { Classes } from './classes.ts';
import type { Users } from './users.ts';

/** The sums over all axes of a stack of products that nothing else reads, and these products. */
export function stackSumsOf(
  simplified: Simplified,
  users: Users,
  stored: ReadonlySet<number>,
  classes: Classes,
): Map<number, number> {
  const { arena, order } = simplified;
  const sums = new Map<number, number>();
  for (const node of order) {
    if (classes.of(node) !== 'reduction' || simplified.rowOf(node).lowering !== 'sum') continue;
    const product = simplified.operand(node, 0);
    const { shape } = arena.typeOf(product);
    const { axes } = arena.attributes.get(node) as { axes: readonly number[] };
    const isStack =
      classes.of(product) === 'contraction' &&
      axes.length === shape.length - 2 &&
      axes.every((axis, k) => axis === k) &&
      axes.length > 0;
    if (!isStack || stored.has(product) || users.of(product).length !== 1) continue;
    const whole = simplified.operandsOf(product).every((operand) => {
      const stack = arena.typeOf(operand).shape.slice(0, -2);
      return sameShape(stack, shape.slice(0, -2));
    });
    if (!whole) continue;
    sums.set(node, product);
  }
  return sums;
}
