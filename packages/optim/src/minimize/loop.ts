/** The loop that all minimizations share: limits, tolerances for value and step, records. */
import { ValueError } from '@ad/graph';
import {
  checkFunction,
  describeValue,
  NON_NEGATIVE,
  numberOption,
  type Range,
} from '../options.ts';
import { checkSignal, type StopSignal } from '../stop-signal.ts';
import { EvaluationLimit } from './evaluation-limit.ts';
import type { Iteration } from './method.ts';
import type { Stop } from './stop.ts';

/** What every minimization can be told about when to end. */
export interface LimitOptions {
  /** Stop when a step changes the value by at most this part of itself: 0 or more. */
  readonly valueTolerance?: number;
  /** Stop when a step changes each element of the point by at most this part of itself: 0 or more. */
  readonly stepTolerance?: number;
  /** How many steps at most: an integer of 0 or more, or Infinity. Default 1000. */
  readonly maxIterations?: number;
  /** How many evaluations at most: an integer of 1 or more, or Infinity, the default. */
  readonly maxEvaluations?: number;
  /** Looked at before each step; once it is aborted, the result is the point so far. */
  readonly signal?: StopSignal;
}

/** The names of {@link LimitOptions} and of the tolerance for the gradient, which each kind of problem has its own. */
export const LIMIT_OPTIONS: readonly ('gradientTolerance' | keyof LimitOptions)[] = [
  'gradientTolerance',
  'valueTolerance',
  'stepTolerance',
  'maxIterations',
  'maxEvaluations',
  'signal',
];

/** When to end, checked and complete. */
export interface Limits extends Required<Omit<LimitOptions, 'signal'>> {
  /** When the gradient is small enough. */
  readonly gradientTolerance: number;
  /** Looked at before each step. */
  readonly signal: StopSignal | undefined;
}

const COUNT: Range = {
  words: 'an integer of 0 or more, or Infinity',
  holds: (x) => (Number.isInteger(x) || x === Infinity) && x >= 0,
};

const COUNT_OF_ONE: Range = {
  words: 'an integer of 1 or more, or Infinity',
  holds: (x) => COUNT.holds(x) && x >= 1,
};

/**
 * Checks limits.
 *
 * @param fallback - the tolerances where none are given.
 * @throws `ValueError` when one is outside its range.
 */
export function limitsOf(
  caller: string,
  options: LimitOptions & { readonly gradientTolerance?: number },
  fallback: {
    readonly gradientTolerance: number;
    readonly valueTolerance: number;
    readonly stepTolerance: number;
  },
): Limits {
  const { signal } = options;
  checkSignal(caller, signal);
  const tolerance = (name: keyof typeof fallback): number =>
    numberOption(caller, name, options[name], fallback[name], NON_NEGATIVE);
  return {
    gradientTolerance: tolerance('gradientTolerance'),
    valueTolerance: tolerance('valueTolerance'),
    stepTolerance: tolerance('stepTolerance'),
    maxIterations: numberOption(caller, 'maxIterations', options.maxIterations, 1000, COUNT),
    maxEvaluations: numberOption(
      caller,
      'maxEvaluations',
      options.maxEvaluations,
      Infinity,
      COUNT_OF_ONE,
    ),
    signal,
  };
}

/**
 * Checks the options that are functions or methods.
 *
 * @throws `ValueError` when one is something else.
 */
export function checkCallables(
  caller: string,
  options: {
    readonly method?: { readonly begin?: unknown } | null;
    readonly onIteration?: unknown;
    readonly executor?: unknown;
  },
  examples: string,
): void {
  const { method, onIteration, executor } = options;
  if (method !== undefined && typeof method?.begin !== 'function') {
    throw new ValueError(
      `${caller}: method is ${describeValue(method)}, expected one such as ${examples}`,
    );
  }
  if (onIteration !== undefined) checkFunction(caller, 'onIteration', onIteration, 'a function');
  if (executor !== undefined) {
    checkFunction(caller, 'executor', executor, 'one such as compiler()');
  }
}

/** A point with a value. */
export interface ValuedPoint {
  readonly x: Float64Array;
  readonly value: number;
}

/**
 * Advances an iteration until there is a reason to stop.
 *
 * @param isStationary - whether a point is the goal.
 * @param record - called with the start and with the point after each step.
 */
export function follow<P extends ValuedPoint>(
  iteration: Iteration<P>,
  limits: Limits,
  isStationary: (point: P) => Stop | undefined,
  record: (point: P, count: number) => void,
): { readonly iterations: number; readonly stop: Stop } {
  const { maxIterations, signal } = limits;
  const previous = { x: iteration.current.x.slice(), value: iteration.current.value };
  record(iteration.current, 0);
  for (let iterations = 0; ; iterations++) {
    const { current } = iteration;
    const reached =
      isStationary(current) ??
      (iterations > 0 ? hardlyMoved(previous, current, limits) : undefined);
    if (reached !== undefined) return { iterations, stop: reached };
    if (signal?.aborted === true) return { iterations, stop: { kind: 'aborted' } };
    if (iterations >= maxIterations) {
      return { iterations, stop: { kind: 'iterations', limit: maxIterations } };
    }
    previous.x.set(current.x);
    previous.value = current.value;
    const failure = advance(iteration, limits.maxEvaluations);
    if (failure !== undefined) return { iterations, stop: failure };
    record(iteration.current, iterations + 1);
  }
}

function advance(iteration: Iteration<ValuedPoint>, limit: number): Stop | undefined {
  try {
    return iteration.advance();
  } catch (error) {
    if (error instanceof EvaluationLimit) return { kind: 'evaluations', limit };
    throw error;
  }
}

/** Whether the last step was too small by the tolerances for value and step. */
function hardlyMoved(
  previous: ValuedPoint,
  current: ValuedPoint,
  { valueTolerance, stepTolerance }: Limits,
): Stop | undefined {
  if (valueTolerance > 0) {
    const size = Math.max(Math.abs(previous.value), Math.abs(current.value));
    const change = size === 0 ? 0 : Math.abs(previous.value - current.value) / size;
    if (change <= valueTolerance) return { kind: 'value', change, tolerance: valueTolerance };
  }
  if (stepTolerance > 0) {
    const length = largestChange(previous.x, current.x);
    if (length <= stepTolerance) return { kind: 'step', length, tolerance: stepTolerance };
  }
  return undefined;
}

/** By what part of itself an element has changed at most. Element by element, since units may differ. */
function largestChange(from: Float64Array, to: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < to.length; i++) {
    const change = Math.abs(to[i]! - from[i]!);
    if (change > 0) largest = Math.max(largest, change / Math.abs(to[i]!));
  }
  return largest;
}
