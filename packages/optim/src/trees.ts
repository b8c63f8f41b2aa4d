/** Trees side by side: the gradients of parameters, or the state that belongs to them. */
import { ValueError } from '@ad/graph';
import { isLeaf } from '@ad/backprop';
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

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isLeaf(value);
}
