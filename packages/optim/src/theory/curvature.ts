/**
 * How curved a function is: the extreme eigenvalues of its Hessian, from products of the Hessian with vectors alone.
 * Over a region the largest absolute one is the smoothness $\beta$, and the smallest one the strong convexity $\mu$.
 */
import { type Executor, type GraphNode, ValueError } from '@ad/graph';
import type { NodesOf } from '@ad/backprop';
import { Layout } from '../minimize/layout.ts';
import { Objective } from '../minimize/objective.ts';
import { Traced } from '../minimize/traced.ts';
import { checkFunction, checkNames, describeValue } from '../options.ts';
import { extremeEigenvalues, type LanczosOptions } from './lanczos.ts';

/** Options of {@link curvature}, {@link smoothness} and {@link strongConvexity}. */
export interface CurvatureOptions extends LanczosOptions {
  /** What runs the programs; default the compiler, in double precision. */
  readonly executor?: Executor;
}

/** The curvature of a function at a point. */
export interface Curvature {
  /** The smallest eigenvalue of the Hessian. */
  readonly smallest: number;
  /** The largest. */
  readonly largest: number;
  /** The condition number, largest by smallest; Infinity where the smallest is not positive. */
  readonly conditionNumber: number;
  /** An eigenvalue of the Hessian lies at most this far from each of the two. */
  readonly error: number;
  /** How many products of the Hessian with a vector were taken. */
  readonly products: number;
}

/** A function, and the layout of the points at which it is looked at. */
export function objectiveFor<T>(
  caller: string,
  f: (x: NodesOf<T>) => GraphNode,
  x: T,
  executor: Executor | undefined,
): { readonly objective: Objective; readonly layout: Layout } {
  checkFunction(caller, 'the first argument', f, 'a function of a tree of nodes');
  const layout = new Layout(caller, x);
  const traced = new Traced(caller, f, layout, executor);
  return { objective: new Objective(traced, undefined, Infinity), layout };
}

/**
 * The extreme eigenvalues of the Hessian at a point, by Lanczos' method on Hessian-vector products.
 *
 * @param f - a function of a tree of nodes with a scalar result, as for `minimize`.
 * @param x - where: a number, tensor, typed array, or a tree of these.
 * @throws `ValueError` when the Hessian is not finite there or an option is out of range; `ShapeError` when the
 * function does not return a scalar.
 * Complexity: at most `maxProducts` Hessian-vector products.
 * @example
 * ```ts
 * import { curvature } from '@ad/optim/theory';
 *
 * const { smallest, largest, conditionNumber } = curvature(
 *   ({ x, y }) => x.square().add(y.square().mul(10)),
 *   { x: 1, y: 1 },
 * );
 * smallest; // ≈ 2.000000
 * largest; // ≈ 20.000000
 * conditionNumber; // ≈ 10.000000
 * ```
 */
export function curvature<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  x: T,
  options: CurvatureOptions = {},
): Curvature {
  return curvatureIn('curvature', f, [x], options);
}

/**
 * The smoothness $\beta$ of a function over points: the largest absolute eigenvalue of its Hessian at any of them. A
 * lower bound of the smoothness over a region that contains them.
 *
 * @param points - a list of points, each as for {@link curvature}.
 * @throws as {@link curvature}, and `ValueError` when there are no points.
 * @example
 * ```ts
 * import { smoothness } from '@ad/optim/theory';
 *
 * smoothness((x) => x.cos(), [0, 1, 2]); // ≈ 1.000000
 * ```
 */
export function smoothness<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  points: readonly T[],
  options: CurvatureOptions = {},
): number {
  const { smallest, largest } = curvatureIn('smoothness', f, points, options);
  return Math.max(Math.abs(smallest), Math.abs(largest));
}

/**
 * The strong convexity $\mu$ of a function over points: the smallest eigenvalue of its Hessian at any of them;
 * negative where the function is not convex. An upper bound of the strong convexity over a region that contains them.
 *
 * @param points - a list of points, each as for {@link curvature}.
 * @throws as {@link curvature}, and `ValueError` when there are no points.
 * @example
 * ```ts
 * import { strongConvexity } from '@ad/optim/theory';
 *
 * strongConvexity((x) => x.exp(), [0, 1, 2]); // ≈ 1.000000
 * ```
 */
export function strongConvexity<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  points: readonly T[],
  options: CurvatureOptions = {},
): number {
  return curvatureIn('strongConvexity', f, points, options).smallest;
}

const OPTIONS = [
  'maxProducts',
  'tolerance',
  'seed',
  'executor',
] as const satisfies (keyof CurvatureOptions)[];

/** The extreme curvatures over all points. */
function curvatureIn<T>(
  caller: string,
  f: (x: NodesOf<T>) => GraphNode,
  points: readonly T[],
  options: CurvatureOptions,
): Curvature {
  checkNames(caller, options, OPTIONS);
  if (!Array.isArray(points) || points.length === 0) {
    throw new ValueError(
      `${caller}: the points are ${describeValue(points)}, expected a list of one point or more`,
    );
  }
  const { executor, ...lanczos } = options;
  const { objective, layout } = objectiveFor(caller, f, points[0] as T, executor);
  let [smallest, largest, error, products] = [Infinity, -Infinity, 0, 0];
  for (const point of points as readonly T[]) {
    const x = layout.flatten(point);
    const ends = extremeEigenvalues(
      (v, out) => objective.hessianProduct(x, v, out),
      layout.size,
      lanczos,
    );
    smallest = Math.min(smallest, ends.smallest);
    largest = Math.max(largest, ends.largest);
    error = Math.max(error, ends.error);
    products += ends.products;
  }
  const conditionNumber = smallest > 0 ? largest / smallest : Infinity;
  return { smallest, largest, conditionNumber, error, products };
}
