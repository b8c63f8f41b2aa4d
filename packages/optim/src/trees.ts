/** Trees side by side: the gradients of parameters, or the state that belongs to them. */
import { ValueError } from '@ad/graph';
import type { PathLeaf } from '@ad/backprop';
import { describeValue } from './options.ts';

/**
 * What stands in `other` where the leaves of a tree stand in it. Nothing is said about what `other` has besides.
 *
 * @param leaves - the leaves of the tree, from `leavesOf`.
 * @param what - the name of `other`, for the message.
 * @throws {@link ValueError} when `other` has nothing at one of the places.
 */
export function matchLeaves(
  leaves: readonly PathLeaf<unknown>[],
  other: unknown,
  what: string,
): unknown[] {
  return leaves.map(({ path }) => {
    let value = other;
    for (const key of keysOf(path)) {
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    }
    if (value === undefined) {
      const got = path === '' ? '' : ` at ${path}; it is ${describeValue(other)}`;
      throw new ValueError(
        `${what} must have the form of the parameters, but nothing is there${got}`,
      );
    }
    return value;
  });
}

/** The keys of a path: `.layers[0]["my weights"]` is layers, 0, my weights. */
function keysOf(path: string): string[] {
  return Array.from(
    path.matchAll(/\.([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g),
    (match) => {
      const [, name, index, quoted] = match;
      return name ?? index ?? (JSON.parse(quoted!) as string);
    },
  );
}
