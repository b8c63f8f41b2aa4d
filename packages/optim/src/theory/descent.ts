/**
 * The descent lemma on trajectories: for a function whose Hessian is at most $\beta$ in norm, a step
 * $x_{t+1} = x_t - \nabla f(x_t) / \beta$ lowers the value by at least $|\nabla f(x_t)|^2 / (2 \beta)$.
 */
import { ValueError } from '@ad/graph';

/** What is needed of each point of a trajectory; the trajectory of `minimize` has it. */
export interface Visited {
  /** The value. */
  readonly value: number;
  /** The Euclidean norm of the gradient. */
  readonly gradientNorm: number;
}

/**
 * By how much each step does better than the descent lemma promises: $f(x_t) - f(x_{t+1}) - |\nabla f(x_t)|^2 / (2\beta)$.
 *
 * @param trajectory - two points or more.
 * @param smoothness - $\beta$.
 * @returns one margin for each step; none is negative, rounding apart, where the lemma applies.
 * @throws `ValueError` when the smoothness is not positive or there are fewer than two points.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { gradientDescent, minimize } from '@ad/optim';
 * import { descentMargins } from '@ad/optim/theory';
 *
 * const bowl = (x: GraphNode) => x.square().mul(0.5);
 * const { trajectory } = minimize(bowl, 4, {
 *   method: gradientDescent({ smoothness: 2 }),
 *   maxIterations: 2,
 *   trajectory: true,
 * });
 * descentMargins(trajectory!, 2); // => Float64Array.of(2, 0.5)
 * ```
 */
export function descentMargins(trajectory: readonly Visited[], smoothness: number): Float64Array {
  checkTrajectory('descentMargins', trajectory, smoothness);
  return Float64Array.from({ length: trajectory.length - 1 }, (_, t) => {
    const { value, gradientNorm } = trajectory[t]!;
    return value - trajectory[t + 1]!.value - (gradientNorm * gradientNorm) / (2 * smoothness);
  });
}

/**
 * The Lyapunov argument on a trajectory: after T steps the smallest gradient norm so far is at most
 * $\sqrt{2 \beta (f(x_0) - f^*) / T}$. The margins are the bound minus that norm, for T = 1, 2, ...
 *
 * @param lowerBound - any lower bound $f^*$ of the function.
 * @throws `ValueError` when the smoothness is not positive, there are fewer than two points, or a value lies below
 * the lower bound.
 * @example
 * ```ts
 * import { lyapunovMargins } from '@ad/optim/theory';
 *
 * // f(x) = x^2 / 2 with step 1/2, from 4.
 * const trajectory = [4, 2, 1].map((x) => ({ value: (x * x) / 2, gradientNorm: x }));
 * lyapunovMargins(trajectory, { smoothness: 2, lowerBound: 0 }); // ≈ [1.6569, 2.0000]
 * ```
 */
export function lyapunovMargins(
  trajectory: readonly Visited[],
  { smoothness, lowerBound }: { readonly smoothness: number; readonly lowerBound: number },
): Float64Array {
  checkTrajectory('lyapunovMargins', trajectory, smoothness);
  const below = trajectory.findIndex(({ value }) => !(value >= lowerBound));
  if (below >= 0) {
    throw new ValueError(
      `lyapunovMargins: point ${below} has value ${trajectory[below]!.value}, not at least the lower bound ${lowerBound}`,
    );
  }
  const gap = trajectory[0]!.value - lowerBound;
  let smallest = Infinity;
  return Float64Array.from({ length: trajectory.length - 1 }, (_, t) => {
    smallest = Math.min(smallest, trajectory[t]!.gradientNorm);
    return Math.sqrt((2 * smoothness * gap) / (t + 1)) - smallest;
  });
}

function checkTrajectory(caller: string, trajectory: readonly Visited[], smoothness: number): void {
  if (!(smoothness > 0 && smoothness < Infinity)) {
    throw new ValueError(
      `${caller}: smoothness is ${smoothness}, expected a positive finite number`,
    );
  }
  if (trajectory.length < 2) {
    throw new ValueError(
      `${caller}: the trajectory has ${trajectory.length} points, expected two or more; minimize keeps it with ` +
        '{ trajectory: true }',
    );
  }
}
