/** The loop around every method: limits, tolerances, records. */
import { type Executor, type GraphNode, ValueError } from '@ad/graph';
import type { GradientOf, NodesOf } from '@ad/backprop';
import {
  booleanOption,
  checkFunction,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
  type Range,
} from '../options.ts';
import { Bounds, type BoundsOption } from './bounds.ts';
import { Layout } from './layout.ts';
import { lbfgs } from './lbfgs.ts';
import type { Iteration, Method } from './method.ts';
import { EvaluationLimit, type Evaluations, newPoint, Objective, type Point } from './objective.ts';
import { describeStop, isConverged, type Stop } from './stop.ts';
import { Traced } from './traced.ts';
import { distance, norm } from './vectors.ts';

/** Where a minimization is. */
export interface TrajectoryPoint<T> {
  /** The number of steps that led here: 0 at the start. */
  readonly iteration: number;
  /** The point, in the form of the start. */
  readonly point: GradientOf<T>;
  /** The value there. */
  readonly value: number;
  /** The Euclidean norm of the gradient there; with bounds, of the projected gradient. */
  readonly gradientNorm: number;
  /** What the direction of the last step was multiplied with; 0 at the start. */
  readonly stepSize: number;
  /** For Nesterov's method: the point at which the next gradient is taken. */
  readonly lookAhead?: GradientOf<T>;
}

/** Options of {@link minimize}. */
export interface MinimizeOptions<T> {
  /** How to go from point to point; default `lbfgs()`. */
  readonly method?: Method;
  /** Stop when the Euclidean norm of the (projected) gradient is at most this: 0 or more. Default $10^{-8}$. */
  readonly gradientTolerance?: number;
  /** Stop when a step changes the value by at most this part of itself: 0 or more. Default 0: never. */
  readonly valueTolerance?: number;
  /** Stop when a step is at most this part of the norm of the point: 0 or more. Default 0: never. */
  readonly stepTolerance?: number;
  /** How many steps at most: an integer of 0 or more, or Infinity. Default 1000. */
  readonly maxIterations?: number;
  /** How many evaluations of value and gradient at most: an integer of 1 or more, or Infinity, the default. */
  readonly maxEvaluations?: number;
  /** Limits for the elements of the point, for methods that take them; the start is moved into the box. */
  readonly bounds?: BoundsOption;
  /** Keep all points in the result. Default false. */
  readonly trajectory?: boolean;
  /** Called at the start and after each step. What it throws, `minimize` throws. */
  readonly onIteration?: (point: TrajectoryPoint<T>) => void;
  /** Looked at before each step; once it is aborted, the result is the point so far. */
  readonly signal?: { readonly aborted: boolean };
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/** What {@link minimize} found. */
export interface MinimizeResult<T> {
  /** The last point, in the form of the start. */
  readonly minimizer: GradientOf<T>;
  /** The value there. */
  readonly value: number;
  /** The gradient there. */
  readonly gradient: GradientOf<T>;
  /** The Euclidean norm of the gradient; with bounds, of the projected gradient. */
  readonly gradientNorm: number;
  /** The number of steps. */
  readonly iterations: number;
  /** How often what was computed. */
  readonly evaluations: Evaluations;
  /** Whether a tolerance was met. A stationary point need not be a minimum. */
  readonly converged: boolean;
  /** Why it ended. */
  readonly stop: Stop;
  /** The same in words. */
  readonly message: string;
  /** All points from the start on, if asked for. */
  readonly trajectory?: readonly TrajectoryPoint<T>[];
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
 * Finds a point where a function is smallest, at least among its neighbours.
 *
 * The function takes a tree of nodes and returns a scalar node, as for `grad`; it is traced once, and value and
 * gradient are one compiled program. The point comes back in the form of the start. A function that looks at values
 * while it is traced works too, and is traced anew at every point.
 *
 * The iteration always ends, and `stop` says why. It is synchronous: `signal` can be aborted by `onIteration`, by the
 * function itself, or be an object whose `aborted` looks at a clock.
 *
 * Defaults: the method and its memory of 10 are those of SciPy and Optim.jl; the gradient tolerance of $10^{-8}$ and
 * 1000 iterations are Optim.jl's (SciPy: $10^{-5}$). Both measure the largest element of the gradient, here it is
 * the Euclidean norm, which is at least as large. SciPy's tolerance on the value is off here.
 *
 * @param f - the function, of a tree of nodes in the form of the start.
 * @param x0 - where to start: a number, tensor, typed array, or a tree of these.
 * @throws `ValueError`, `ShapeError`, `KindError` or `GraphError` when the function, the start or the options are wrong.
 * @example
 * ```ts
 * import { minimize } from '@ad/optim';
 *
 * const { minimizer, stop } = minimize(
 *   ({ x, y }) => x.neg().add(1).square().add(y.sub(x.square()).square().mul(100)),
 *   { x: -1.2, y: 1 },
 * );
 * minimizer; // ≈ { x: 1.0000000, y: 1.0000000 }
 * stop.kind; // => 'gradient'
 * ```
 */
export function minimize<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  x0: T,
  options: MinimizeOptions<T> = {},
): MinimizeResult<T> {
  const { method, limits, bounds, layout, trajectory } = plan(f, x0, options);
  const { onIteration, signal } = options;
  const traced = new Traced('minimize', f, layout, options.executor);
  const objective = new Objective(traced, bounds, limits.maxEvaluations);
  const start = newPoint(layout.size);
  start.x.set(layout.flatten(x0));
  bounds?.project(start.x);

  const normAt = ({ x, gradient }: Point): number =>
    bounds === undefined ? norm(gradient) : bounds.projectedNorm(x, gradient);
  const points: TrajectoryPoint<T>[] = [];
  const record = (point: Point, count: number, iteration: Iteration | undefined): void => {
    if (!trajectory && onIteration === undefined) return;
    const lookAhead = iteration?.lookAhead;
    const entry: TrajectoryPoint<T> = {
      iteration: count,
      point: layout.unflatten(point.x) as GradientOf<T>,
      value: point.value,
      gradientNorm: normAt(point),
      stepSize: iteration?.stepSize ?? 0,
      ...(lookAhead === undefined
        ? {}
        : { lookAhead: layout.unflatten(lookAhead) as GradientOf<T> }),
    };
    if (trajectory) points.push(entry);
    onIteration?.(entry);
  };
  const result = (point: Point, iterations: number, stop: Stop): MinimizeResult<T> => ({
    minimizer: layout.unflatten(point.x) as GradientOf<T>,
    value: point.value,
    gradient: layout.unflatten(point.gradient) as GradientOf<T>,
    gradientNorm: normAt(point),
    iterations,
    evaluations: objective.evaluations,
    converged: isConverged(stop),
    stop,
    message: describeStop(stop),
    ...(trajectory ? { trajectory: points } : {}),
  });

  if (!objective.evaluate(start)) {
    record(start, 0, undefined);
    const where = objective.whereNotFinite(start.x) ?? 'the value or the gradient is not finite';
    return result(start, 0, { kind: 'non-finite start', value: start.value, where });
  }
  const iteration = method.begin(objective, start);
  const previous = newPoint(layout.size);
  record(start, 0, iteration);
  for (let count = 0; ; count++) {
    const { current } = iteration;
    const gradientNorm = normAt(current);
    const stop =
      gradientNorm <= limits.gradientTolerance
        ? ({ kind: 'gradient', norm: gradientNorm, tolerance: limits.gradientTolerance } as const)
        : ((count > 0 ? hardlyMoved(previous, current, limits) : undefined) ??
          (signal?.aborted === true
            ? ({ kind: 'aborted' } as const)
            : count >= limits.maxIterations
              ? ({ kind: 'iterations', limit: limits.maxIterations } as const)
              : undefined));
    if (stop !== undefined) return result(current, count, stop);
    previous.x.set(current.x);
    previous.value = current.value;
    const failure = advance(iteration, limits.maxEvaluations);
    if (failure !== undefined) return result(iteration.current, count, failure);
    record(iteration.current, count + 1, iteration);
  }
}

function advance(iteration: Iteration, limit: number): Stop | undefined {
  try {
    return iteration.advance();
  } catch (error) {
    if (error instanceof EvaluationLimit) return { kind: 'evaluations', limit };
    throw error;
  }
}

/** The numbers among the options, checked. */
interface Limits {
  readonly gradientTolerance: number;
  readonly valueTolerance: number;
  readonly stepTolerance: number;
  readonly maxIterations: number;
  readonly maxEvaluations: number;
}

/** Whether the last step was too small by the tolerances for value and step. */
function hardlyMoved(previous: Point, current: Point, limits: Limits): Stop | undefined {
  const { valueTolerance, stepTolerance } = limits;
  if (valueTolerance > 0) {
    const size = Math.max(Math.abs(previous.value), Math.abs(current.value));
    const change = size === 0 ? 0 : Math.abs(previous.value - current.value) / size;
    if (change <= valueTolerance) return { kind: 'value', change, tolerance: valueTolerance };
  }
  if (stepTolerance > 0) {
    const moved = distance(previous.x, current.x);
    const size = norm(current.x);
    if (moved <= stepTolerance * size) {
      return { kind: 'step', length: size === 0 ? 0 : moved / size, tolerance: stepTolerance };
    }
  }
  return undefined;
}

const OPTIONS = [
  'method',
  'gradientTolerance',
  'valueTolerance',
  'stepTolerance',
  'maxIterations',
  'maxEvaluations',
  'bounds',
  'trajectory',
  'onIteration',
  'signal',
  'executor',
] as const satisfies (keyof MinimizeOptions<unknown>)[];

/** Checks everything that was given, before anything has happened. */
function plan<T>(f: unknown, x0: T, options: MinimizeOptions<T>) {
  checkFunction('minimize', 'the first argument', f, 'a function of a tree of nodes');
  checkNames('minimize', options, OPTIONS);
  const { bounds, onIteration, signal, executor } = options;
  const method = options.method ?? lbfgs();
  if (typeof (method as Partial<Method> | null)?.begin !== 'function') {
    throw new ValueError(
      `minimize: method is ${describeValue(method)}, expected one such as lbfgs() or newton()`,
    );
  }
  if (onIteration !== undefined)
    checkFunction('minimize', 'onIteration', onIteration, 'a function');
  if (executor !== undefined) {
    checkFunction('minimize', 'executor', executor, 'one such as compiler()');
  }
  if (
    signal !== undefined &&
    typeof (signal as Partial<typeof signal> | null)?.aborted !== 'boolean'
  ) {
    throw new ValueError(
      `minimize: signal is ${describeValue(signal)}, expected { aborted: boolean }, such as an AbortSignal`,
    );
  }
  const number = (name: keyof Limits, fallback: number, range: Range): number =>
    numberOption('minimize', name, options[name], fallback, range);
  const limits: Limits = {
    gradientTolerance: number('gradientTolerance', 1e-8, NON_NEGATIVE),
    valueTolerance: number('valueTolerance', 0, NON_NEGATIVE),
    stepTolerance: number('stepTolerance', 0, NON_NEGATIVE),
    maxIterations: number('maxIterations', 1000, COUNT),
    maxEvaluations: number('maxEvaluations', Infinity, COUNT_OF_ONE),
  };
  const layout = new Layout('minimize', x0);
  if (bounds !== undefined && !method.bounded) {
    throw new ValueError(
      `minimize: ${method.name} does not take bounds; gradientDescent, heavyBall and nesterov do`,
    );
  }
  return {
    method,
    limits,
    layout,
    bounds: bounds === undefined ? undefined : new Bounds('minimize', layout, x0, bounds),
    trajectory: booleanOption('minimize', 'trajectory', options.trajectory, false),
  };
}
