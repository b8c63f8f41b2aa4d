/** Pairs of a step and the change of the gradient over it: what quasi-Newton methods learn from. */
import { dot, norm } from './vectors.ts';

/** Whether a pair keeps a quasi-Newton matrix positive definite, and tells more than rounding. */
export function isCurved(s: Float64Array, y: Float64Array): boolean {
  return dot(y, s) > Number.EPSILON * norm(y) * norm(s);
}
