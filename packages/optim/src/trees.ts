/** Trees side by side: the gradients of parameters, or the state that belongs to them. */
import { formatShape, sameShape, ShapeError, ValueError } from '@ad/graph';
import { isLeaf, type Leaf, leavesOf, tensorOfLeaf, type Tree } from '@ad/backprop';
import { describeValue } from './options.ts';

/**
 * What stands in `other` where a tree has its leaves, in their order. What `other` has besides does not matter.
 *
 * @param what - the name of `other`, for the message.
 * @throws `ValueError` when `other` has nothing at one of the places.
 */
export function matchLeaves(tree: unknown, other: unknown, what: string): unknown[] {
  const matches: unknown[] = [];
  const visit = (reference: unknown, counterpart: unknown, path: string): void => {
    if (isLeaf(reference) && counterpart !== undefined) {
      matches.push(counterpart);
      return;
    }
    if (isLeaf(reference) || !isBranch(counterpart)) {
      const place = path === '' ? 'it' : path;
      throw new ValueError(
        `${what} must have the form of what they belong to, but ${place} is ${describeValue(counterpart)}`,
      );
    }
    for (const [key, child] of Object.entries(reference as object)) {
      const next = Object.hasOwn(counterpart, key) ? counterpart[key] : undefined;
      visit(child, next, Array.isArray(reference) ? `${path}[${key}]` : `${path}.${key}`);
    }
  };
  visit(tree, other, '');
  return matches;
}

/**
 * Checks that a tree has the form and the shapes of the usual one.
 *
 * @param what - its name, for the message.
 * @throws `ValueError` or `ShapeError` when its form or a shape is another.
 */
export function checkForm<T>(given: T, usual: T, what: string): void {
  const leaves = leavesOf(usual as Tree<Leaf>);
  matchLeaves(usual, given, what).forEach((value, k) => {
    const { path, leaf } = leaves[k]!;
    const [expected, got] = [tensorOfLeaf(leaf).shape, tensorOfLeaf(value as Leaf).shape];
    if (sameShape(expected, got)) return;
    throw new ShapeError(
      `${what}${path} has shape ${formatShape(got)}, expected ${formatShape(expected)}: are they those of this model?`,
    );
  });
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isLeaf(value);
}
