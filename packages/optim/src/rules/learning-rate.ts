/** Learning rates: numbers, schedules, and functions of the step. */
import { type Graph, type GraphNode, isGraphNode, ValueError } from '@ad/graph';
import { describeValue, NON_NEGATIVE, numberOption } from '../options.ts';
import { checkSchedule, type Schedule } from '../schedules/kinds.ts';
import { isPlateau, onPlateau, type Plateau } from '../schedules/plateau.ts';
import { rateNode } from '../schedules/schedule.ts';

/**
 * A learning rate: a number, a {@link Schedule}, a rate that falls {@link onPlateau}, or a function of the number of
 * steps made before (0 at the first step), as a node.
 */
export type LearningRate = number | Schedule | Plateau | ((step: GraphNode) => GraphNode);

/**
 * Checks an option that is a learning rate.
 *
 * @throws `ValueError` when it is neither a function, nor a schedule, nor a finite number of 0 or more.
 */
export function learningRateOption(
  caller: string,
  value: LearningRate | undefined,
  fallback: number,
): LearningRate {
  if (typeof value === 'function') return value;
  if (isPlateau(value)) {
    const { kind: _kind, ...options } = value;
    return onPlateau(options);
  }
  if (typeof value === 'object' && value !== null) {
    checkSchedule(`${caller}: learningRate`, value);
    return value;
  }
  return numberOption(caller, 'learningRate', value, fallback, {
    ...NON_NEGATIVE,
    words: `${NON_NEGATIVE.words}, a schedule, or a function of the step`,
  });
}

/** Whether a rate depends on the number of steps. */
export function isCounting(rate: LearningRate): boolean {
  return typeof rate !== 'number' && !isPlateau(rate);
}

/** A learning rate as a node of the graph. */
export function learningRateNode(
  rate: Exclude<LearningRate, Plateau>,
  graph: Graph,
  step: GraphNode,
): GraphNode {
  if (typeof rate === 'number') return graph.constant(rate);
  if (typeof rate !== 'function') return rateNode(rate, step);
  const node: unknown = rate(step);
  if (isGraphNode(node) && node.shape.length === 0) return node;
  throw new ValueError(
    `learningRate: the function of the step returned ${isGraphNode(node) ? node.toString() : describeValue(node)}, expected a scalar node`,
  );
}
