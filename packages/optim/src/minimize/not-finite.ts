import type { Objective, Point } from './objective.ts';
import type { Failure } from './stop.ts';

/** Why a point that is not finite cannot be the next one. */
export function notFinite(objective: Objective, { x, value }: Point): Failure {
  const where = objective.whereNotFinite(x) ?? 'the value or the gradient is not finite';
  return { kind: 'non-finite', value, where };
}
