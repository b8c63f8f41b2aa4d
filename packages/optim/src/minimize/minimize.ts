/** Minimizing a function of a tree: the function as a program, a method, and the loop around it. */
import { type Executor, type GraphNode, ValueError } from '@ad/graph';
import type { GradientOf, NodesOf } from '@ad/backprop';
import { booleanOption, checkFunction, checkNames } from '../options.ts';
import { Bounds, type BoundsOption } from './bounds.ts';
import { Layout } from './layout.ts';
import { lbfgs } from './lbfgs.ts';
import { checkCallables, follow, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './loop.ts';
import type { Iteration, Method } from './method.ts';
import { type Evaluations, newPoint, Objective, type Point } from './objective.ts';
import { describeStop, isConverged, type Stop } from './stop.ts';
import { Traced } from './traced.ts';
import { norm } from './vectors.ts';

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

/**
 * Options of {@link minimize}. The tolerances for value and step are 0 by default: they end nothing. An evaluation is one
 * of value and gradient.
 */
export interface MinimizeOptions<T> extends LimitOptions {
  /** How to go from point to point; default `lbfgs()`. */
  readonly method?: Method;
  /** Stop when the Euclidean norm of the (projected) gradient is at most this: 0 or more. Default $10^{-8}$. */
  readonly gradientTolerance?: number;
  /** Limits for the elements of the point, for methods that take them; the start is moved into the box. */
  readonly bounds?: BoundsOption;
  /** Keep all points in the result. Default false. */
  readonly trajectory?: boolean;
  /** Called at the start and after each step. What it throws, `minimize` throws. */
  readonly onIteration?: (point: TrajectoryPoint<T>) => void;
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
  const { onIteration } = options;
  const traced = new Traced('minimize', f, layout, options.executor);
  const objective = new Objective(traced, bounds, limits.maxEvaluations);
  const start = newPoint(layout.size);
  start.x.set(layout.flatten(x0));
  bounds?.project(start.x);

  const normAt = ({ x, gradient }: Point): number =>
    bounds === undefined ? norm(gradient) : bounds.projectedNorm(x, gradient);
  const points: TrajectoryPoint<T>[] = [];
  const record = (point: Point, count: number, iteration?: Iteration): void => {
    if (!trajectory && onIteration === undefined) return;
    const lookAhead = iteration?.lookAhead;
    const entry: TrajectoryPoint<T> = {
      iteration: count,
      point: layout.unflatten(point.x) as GradientOf<T>,
      value: point.value,
      gradientNorm: normAt(point),
      stepSize: count === 0 ? 0 : (iteration?.stepSize ?? 0),
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
    record(start, 0);
    const where = traced.whereNotFinite(start.x) ?? 'the value or the gradient is not finite';
    return result(start, 0, { kind: 'non-finite start', value: start.value, where });
  }
  const iteration = method.begin(objective, start);
  const tolerance = limits.gradientTolerance;
  const isStationary = (point: Point): Stop | undefined => {
    const size = normAt(point);
    return size <= tolerance ? { kind: 'gradient', norm: size, tolerance } : undefined;
  };
  const { iterations, stop } = follow(iteration, limits, isStationary, (point, count) => {
    record(point, count, iteration);
  });
  return result(iteration.current, iterations, stop);
}

const OPTIONS = [
  'method',
  ...LIMIT_OPTIONS,
  'bounds',
  'trajectory',
  'onIteration',
  'executor',
] as const satisfies (keyof MinimizeOptions<unknown>)[];

/** Checks everything that was given, before anything has happened. */
function plan<T>(f: unknown, x0: T, options: MinimizeOptions<T>) {
  checkFunction('minimize', 'the first argument', f, 'a function of a tree of nodes');
  checkNames('minimize', options, OPTIONS);
  checkCallables('minimize', options, 'lbfgs() or newton()');
  const { bounds, method = lbfgs() } = options;
  const layout = new Layout('minimize', x0);
  if (bounds !== undefined && !method.bounded) {
    throw new ValueError(
      `minimize: ${method.name} does not take bounds; lbfgs, gradientDescent, heavyBall and nesterov do`,
    );
  }
  return {
    method,
    limits: limitsOf('minimize', options, {
      gradientTolerance: 1e-8,
      valueTolerance: 0,
      stepTolerance: 0,
    }),
    layout,
    bounds: bounds === undefined ? undefined : new Bounds('minimize', layout, x0, bounds),
    trajectory: booleanOption('minimize', 'trajectory', options.trajectory, false),
  };
}
