/** What it means for a minimization that a line search has found no step. */
import type { NoStep } from './line-search/line-search.ts';
import type { Failure } from './stop.ts';

/**
 * The reason to stop.
 *
 * @param slope - at the start of the search.
 * @param notFinite - makes the reason where the last trial was not finite.
 */
export function searchFailure(
  { reason, step }: NoStep,
  slope: number,
  notFinite: () => Failure,
): Failure {
  switch (reason) {
    case 'not descent':
      return { kind: reason, slope };
    case 'no decrease':
    case 'unbounded':
      return { kind: reason, step };
    case 'not finite':
      return notFinite();
  }
}
