/** Least squares: the sum of squares of the residuals of a model, on exact Jacobians, and what the fit is worth. */
import { type Executor, type GraphNode, Tensor } from '@ad/graph';
import type { GradientOf, NodesOf } from '@ad/backprop';
import { booleanOption, checkFunction, checkNames } from '../options.ts';
import { Layout } from './layout.ts';
import type { LeastSquaresMethod } from './least-squares-method.ts';
import { levenbergMarquardt } from './levenberg-marquardt.ts';
import { PivotedQR } from './linear-algebra/pivoted-qr.ts';
import { checkCallables, follow, LIMIT_OPTIONS, type LimitOptions, limitsOf } from './loop.ts';
import type { Iteration } from './method.ts';
import type { TrajectoryPoint } from './minimize.ts';
import { type ResidualEvaluations, type ResidualPoint, Residuals } from './residuals.ts';
import { describeStop, isConverged, type Stop } from './stop.ts';
import { Traced } from './traced.ts';
import { norm } from './vectors.ts';

/**
 * Options of {@link leastSquares}. The value is the sum of squares: its tolerance is 0 by default, which ends nothing; the
 * tolerance for the step is $10^{-12}$. An evaluation is one of the residuals.
 */
export interface LeastSquaresOptions<T> extends LimitOptions {
  /** How to go from point to point; default `levenbergMarquardt()`. */
  readonly method?: LeastSquaresMethod;
  /**
   * Stop when the residuals are orthogonal to every column of the Jacobian, within this cosine: 0 or more. Default
   * $10^{-12}$.
   */
  readonly gradientTolerance?: number;
  /** Keep all points in the result. Default false. */
  readonly trajectory?: boolean;
  /** Called at the start and after each step. What it throws, `leastSquares` throws. */
  readonly onIteration?: (point: TrajectoryPoint<T>) => void;
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/** What {@link leastSquares} found, for $m$ residuals and $n$ parameters. */
export interface LeastSquaresResult<T> {
  /** The parameters, in the form of the start. */
  readonly minimizer: GradientOf<T>;
  /** The sum of the squares of the residuals there. */
  readonly value: number;
  /** The residuals there, in the shape that the function returned. */
  readonly residuals: Tensor;
  /** The Euclidean norm of the gradient of the value, $2 J^T r$. */
  readonly gradientNorm: number;
  /** The number of steps. */
  readonly iterations: number;
  /** How often what was computed. */
  readonly evaluations: ResidualEvaluations;
  /** Whether a tolerance was met. */
  readonly converged: boolean;
  /** Why it ended. */
  readonly stop: Stop;
  /** The same in words. */
  readonly message: string;
  /** $m - n$. */
  readonly degreesOfFreedom: number;
  /** The residual standard deviation, $s = \sqrt{|r|^2 / (m - n)}$; NaN where $m \le n$. */
  readonly deviation: number;
  /**
   * The covariance of the parameters, $s^2 (J^T J)^{-1}$, an array of shape [n, n] in the order of the leaves of the start;
   * `undefined` where the Jacobian has dependent columns or $m \le n$.
   */
  readonly covariance: Tensor | undefined;
  /** The roots of its diagonal, in the form of the start; `undefined` where there is no covariance. */
  readonly standardErrors: GradientOf<T> | undefined;
  /** All points from the start on, if asked for. */
  readonly trajectory?: readonly TrajectoryPoint<T>[];
}

/**
 * Fits parameters so that the sum of the squares of residuals is smallest, at least among the neighbours.
 *
 * The function takes a tree of nodes and returns an array of residuals: model minus data. The Jacobian is exact, by
 * forward mode or by reverse mode, whichever takes fewer runs. Covariance and standard errors are those of the
 * linearised model, as every statistics package states them; they suppose residuals of equal variance: divide each by its
 * own deviation where these are known.
 *
 * Defaults: MINPACK's method. The tolerance on the cosine (MINPACK's `gtol`) and on the step (`xtol`) are $10^{-12}$, with
 * exact derivatives a few steps more than SciPy's $10^{-8}$; the tolerance on the value (`ftol`) is off.
 *
 * @param residuals - the function, of a tree of nodes in the form of the start.
 * @param x0 - where to start: a number, tensor, typed array, or a tree of these.
 * @throws `ValueError`, `ShapeError`, `KindError` or `GraphError` when the function, the start or the options are wrong.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { leastSquares } from '@ad/optim';
 *
 * const x = tensor([0, 1, 2, 3]);
 * const y = tensor([1, 3, 5, 8]);
 * const fit = leastSquares(({ slope, offset }) => slope.mul(x).add(offset).sub(y), { slope: 1, offset: 0 });
 * fit.minimizer; // ≈ { slope: 2.300, offset: 0.800 }
 * fit.deviation; // ≈ 0.3873
 * fit.standardErrors!; // ≈ { slope: 0.1732, offset: 0.3240 }
 * ```
 */
export function leastSquares<const T>(
  residuals: (x: NodesOf<T>) => GraphNode,
  x0: T,
  options: LeastSquaresOptions<T> = {},
): LeastSquaresResult<T> {
  const caller = 'leastSquares';
  checkFunction(caller, 'the first argument', residuals, 'a function of a tree of nodes');
  checkNames(caller, options, OPTIONS);
  checkCallables(caller, options, 'levenbergMarquardt() or gaussNewton()');
  const { method = levenbergMarquardt(), onIteration } = options;
  const trajectory = booleanOption(caller, 'trajectory', options.trajectory, false);
  const tolerance = { gradientTolerance: 1e-12, valueTolerance: 0, stepTolerance: 1e-12 };
  const limits = limitsOf(caller, options, tolerance);
  const layout = new Layout(caller, x0);
  const traced = new Traced(caller, residuals, layout, options.executor);
  const problem = new Residuals(traced, layout.flatten(x0), limits.maxEvaluations);
  const start = problem.newPoint();
  start.x.set(layout.flatten(x0));

  const points: TrajectoryPoint<T>[] = [];
  const record = (
    point: ResidualPoint,
    count: number,
    iteration?: Iteration<ResidualPoint>,
  ): void => {
    if (!trajectory && onIteration === undefined) return;
    const entry: TrajectoryPoint<T> = {
      iteration: count,
      point: layout.unflatten(point.x) as GradientOf<T>,
      value: point.value,
      gradientNorm: slopes(point).gradientNorm,
      stepSize: count === 0 ? 0 : (iteration?.stepSize ?? 0),
    };
    if (trajectory) points.push(entry);
    onIteration?.(entry);
  };
  const result = (point: ResidualPoint, iterations: number, stop: Stop): LeastSquaresResult<T> => ({
    minimizer: layout.unflatten(point.x) as GradientOf<T>,
    value: point.value,
    residuals: new Tensor(problem.shape, 'real', point.residuals.slice()),
    gradientNorm: slopes(point).gradientNorm,
    iterations,
    evaluations: problem.evaluations,
    converged: isConverged(stop),
    stop,
    message: describeStop(stop),
    ...statistics<T>(problem, layout, point),
    ...(trajectory ? { trajectory: points } : {}),
  });

  if (!problem.evaluate(start) || !problem.differentiate(start)) {
    record(start, 0);
    const where = problem.whereNotFinite(start.x);
    return result(start, 0, { kind: 'non-finite start', value: start.value, where });
  }
  const iteration = method.begin(problem, start, limits);
  const { iterations, stop } = follow(
    iteration,
    limits,
    (point) => {
      // Without residuals there is nothing that could be orthogonal, and nothing to gain.
      const cosine = point.value === 0 ? 0 : slopes(point).cosine;
      if (cosine > limits.gradientTolerance) return undefined;
      return { kind: 'orthogonal', cosine, tolerance: limits.gradientTolerance };
    },
    (point, count) => {
      record(point, count, iteration);
    },
  );
  return result(iteration.current, iterations, stop);
}

const OPTIONS = [
  'method',
  ...LIMIT_OPTIONS,
  'trajectory',
  'onIteration',
  'executor',
] as const satisfies (keyof LeastSquaresOptions<unknown>)[];

/** The norm of the gradient, and the largest cosine between the residuals and a column of the Jacobian. */
function slopes({ residuals, jacobian }: ResidualPoint): {
  readonly gradientNorm: number;
  readonly cosine: number;
} {
  const m = residuals.length;
  const length = norm(residuals);
  let [square, cosine] = [0, 0];
  for (let start = 0; start < jacobian.length; start += m) {
    const column = jacobian.subarray(start, start + m);
    let sum = 0;
    for (let i = 0; i < m; i++) sum += column[i]! * residuals[i]!;
    square += (2 * sum) ** 2;
    if (sum !== 0) cosine = Math.max(cosine, Math.abs(sum) / length / norm(column));
  }
  return { gradientNorm: Math.sqrt(square), cosine };
}

function statistics<T>(
  { count, size }: Residuals,
  layout: Layout,
  { jacobian, residuals, value }: ResidualPoint,
): Pick<LeastSquaresResult<T>, 'degreesOfFreedom' | 'deviation' | 'covariance' | 'standardErrors'> {
  const degreesOfFreedom = count - size;
  const none = { degreesOfFreedom, covariance: undefined, standardErrors: undefined };
  if (degreesOfFreedom <= 0) return { ...none, deviation: Number.NaN };
  const deviation = Math.sqrt(value / degreesOfFreedom);
  const qr = new PivotedQR(count, size);
  qr.factor(jacobian, residuals);
  const covariance = qr.inverseOfSquare();
  if (covariance === undefined) return { ...none, deviation };
  for (let k = 0; k < covariance.length; k++) covariance[k] = covariance[k]! * deviation ** 2;
  const errors = Float64Array.from({ length: size }, (_, i) =>
    Math.sqrt(covariance[i * size + i]!),
  );
  return {
    degreesOfFreedom,
    deviation,
    covariance: new Tensor([size, size], 'real', covariance),
    standardErrors: layout.unflatten(errors) as GradientOf<T>,
  };
}
