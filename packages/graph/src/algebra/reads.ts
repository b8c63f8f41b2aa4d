/**
 * Saved-value analysis: which activations does a derivative look at? Evaluated over the algebra of bit sets, an
 * expression yields the set of the leaves it depends on.
 */
import type { Algebra } from './algebra.ts';
import { numbers } from './numbers.ts';

/** Unions of bit sets, whatever the operation. */
const bitSets = Object.fromEntries(
  Object.keys(numbers).map((name) => [
    name,
    name === 'constant'
      ? () => 0
      : name === 'call'
        ? (_f: unknown, x: number, y: number = 0) => x | y
        : (...sets: number[]) => sets.reduce((union, set) => union | set, 0),
  ]),
) as unknown as Algebra<number>;

/** The bit that stands for the result in {@link readsOf}; operand k has bit `2 << k`. */
export const READS_RESULT = 1;

/**
 * The set of activations that a partial derivative reads, as bits: 1 for the result, `2 << k` for operand k.
 *
 * @param partial - a derivative as it stands in a row, written over any algebra.
 * @example
 * ```ts
 * import { readsOf } from '@ad/graph';
 *
 * readsOf((A, result, x) => A.mul(x, x)); // => 2
 * readsOf((A, result) => result); // => 1
 * ```
 */
export function readsOf(partial: <T>(A: Algebra<T>, result: T, x: T, y: T, z: T) => T): number {
  return partial(bitSets, READS_RESULT, 2, 4, 8);
}
