/**
 * Schedules evaluated: as a number, and as a node of the graph of a training step, both from the one formula of
 * the kind in `kinds.ts`.
 */
import { type GraphNode, nodeAlgebra, numbers } from '@ad/graph';
import { NON_NEGATIVE, numberOption } from '../options.ts';
import { checkSchedule, type Schedule, valueOf } from './kinds.ts';

/**
 * The rate of a schedule after some steps.
 *
 * @param step - how many steps were made before: 0 at the first one.
 * @throws `ValueError` when the schedule is not one, or the step is negative or not finite.
 * @example
 * ```ts
 * import { rateAt, stepDecay } from '@ad/optim';
 *
 * const schedule = stepDecay({ rate: 0.5, every: 10, factor: 0.5 });
 * [0, 9, 10, 20].map((step) => rateAt(schedule, step)); // => [0.5, 0.5, 0.25, 0.125]
 * rateAt(JSON.parse(JSON.stringify(schedule)), 10); // => 0.25
 * ```
 */
export function rateAt(schedule: Schedule, step: number): number {
  checkSchedule('rateAt', schedule);
  return valueOf(schedule, numbers, numberOption('rateAt', 'step', step, Number.NaN, NON_NEGATIVE));
}

/**
 * The rate of a schedule as a node.
 *
 * @param step - how many steps were made before, as a scalar node.
 * @throws `ValueError` when the schedule is not one.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { exponentialDecay, rateNode } from '@ad/optim';
 *
 * const step = new Graph().input('step');
 * const rate = rateNode(exponentialDecay({ rate: 1, factor: 0.5 }), step);
 * evaluate(rate, { step: 3 }).item(); // => 0.125
 * ```
 */
export function rateNode(schedule: Schedule, step: GraphNode): GraphNode {
  checkSchedule('rateNode', schedule);
  return valueOf(schedule, nodeAlgebra(step.graph), step);
}
