/**
 * Expectations for tests of one's own functions and methods: each checks a theorem on what really happened and throws
 * a {@link TheoryError} that names the first step at which it does not hold, with both sides and the slack. They work
 * in any test runner.
 */
import { AdError, type GraphNode, ValueError } from '@ad/graph';
import type { NodesOf } from '@ad/backprop';
import { NON_NEGATIVE, numberOption } from '../options.ts';
import { classifyStationaryPoint, type StationaryKind } from './classify.ts';
import { descentMargins, lyapunovMargins, type Visited } from './descent.ts';

/** Thrown by an expectation that does not hold. */
export class TheoryError extends AdError {
  override name = 'TheoryError';
}

/** How much rounding is forgiven. */
export interface Slack {
  /** A part of the largest number involved: 0 or more. Default $10^{-12}$. */
  readonly slack?: number;
}

/**
 * Expects every step of a trajectory to lower the value as the descent lemma promises.
 *
 * @param trajectory - of gradient descent with step $1/\beta$.
 * @param options - the smoothness $\beta$ of the function.
 * @throws {@link TheoryError} when a step does not, `ValueError` when an argument is wrong.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { gradientDescent, minimize } from '@ad/optim';
 * import { expectDescent } from '@ad/optim/theory';
 *
 * const wave = (x: GraphNode) => x.cos();
 * const { trajectory } = minimize(wave, 1, { method: gradientDescent({ smoothness: 1 }), trajectory: true });
 * expectDescent(trajectory!, { smoothness: 1 });
 * expectDescent(trajectory!, { smoothness: 0.5 }); // throws /falls short of the descent lemma/
 * ```
 */
export function expectDescent(
  trajectory: readonly Visited[],
  { smoothness, ...options }: { readonly smoothness: number } & Slack,
): void {
  const slack = slackOf('expectDescent', options);
  const scale = scaleOf(trajectory);
  descentMargins(trajectory, smoothness).forEach((margin, t) => {
    if (margin >= -slack * scale) return;
    throw new TheoryError(
      `expectDescent: step ${t} falls short of the descent lemma by ${-margin}: the value went from ${trajectory[t]!.value} to ` +
        `${trajectory[t + 1]!.value} with gradient norm ${trajectory[t]!.gradientNorm}; is the smoothness really at most ` +
        `${smoothness}, and the step 1/${smoothness}?`,
    );
  });
}

/**
 * Expects the smallest gradient norm of a trajectory to obey the Lyapunov bound
 * $\min_{t < T} |\nabla f(x_t)| \le \sqrt{2 \beta (f(x_0) - f^*) / T}$ for every T.
 *
 * @param options - the smoothness $\beta$ of the function and a lower bound of its values.
 * @throws {@link TheoryError} when it does not, `ValueError` when an argument is wrong.
 * @example
 * ```ts
 * import { expectLyapunovBound } from '@ad/optim/theory';
 *
 * const trajectory = [4, 2, 1].map((x) => ({ value: (x * x) / 2, gradientNorm: x }));
 * expectLyapunovBound(trajectory, { smoothness: 2, lowerBound: 0 });
 * ```
 */
export function expectLyapunovBound(
  trajectory: readonly Visited[],
  { slack, ...options }: { readonly smoothness: number; readonly lowerBound: number } & Slack,
): void {
  const part = slackOf('expectLyapunovBound', slack === undefined ? {} : { slack });
  lyapunovMargins(trajectory, options).forEach((margin, t) => {
    if (margin >= -part * trajectory[0]!.gradientNorm) return;
    throw new TheoryError(
      `expectLyapunovBound: after ${t + 1} steps the smallest gradient norm exceeds its bound by ${-margin}; is the ` +
        `smoothness really at most ${options.smoothness}, and ${options.lowerBound} a lower bound?`,
    );
  });
}

/**
 * Expects a sequence of errors (distances, values above the minimum, norms) to stay below a bound.
 *
 * @param errors - by step, 0 or more; the first one is that of the start.
 * @param bound - what error t is at most, as a part of the first one; a number stands for that number to the power t.
 * @throws {@link TheoryError} when it does not, `ValueError` when there are no errors.
 * @example
 * ```ts
 * import { expectRate, gradientDescentRate } from '@ad/optim/theory';
 *
 * const distances = [1, 0.5, 0.25, 0.125];
 * expectRate(distances, gradientDescentRate(3));
 * expectRate(distances, (t) => 0.4 ** t); // throws /step 1/
 * ```
 */
export function expectRate(
  errors: ArrayLike<number>,
  bound: number | ((t: number) => number),
  options: Slack = {},
): void {
  const slack = slackOf('expectRate', options);
  if (errors.length === 0)
    throw new ValueError('expectRate: there are no errors, expected one or more');
  const first = errors[0]!;
  for (let t = 0; t < errors.length; t++) {
    const limit = (typeof bound === 'number' ? bound ** t : bound(t)) * first;
    if (errors[t]! <= limit + slack * first) continue;
    throw new TheoryError(
      `expectRate: at step ${t} the error is ${errors[t]!}, more than the bound ${limit} (${limit / first} of the first, ${first})`,
    );
  }
}

/**
 * Expects a point to be a stationary point of some kind.
 *
 * @throws {@link TheoryError} when it is not; the message says what it is, and why.
 * @example
 * ```ts
 * import { expectStationary } from '@ad/optim/theory';
 *
 * expectStationary((x) => x.cos(), Math.PI, 'minimum');
 * expectStationary((x) => x.cos(), 0, 'minimum'); // throws /a strict local maximum/
 * ```
 */
export function expectStationary<const T>(
  f: (x: NodesOf<T>) => GraphNode,
  x: T,
  kind: StationaryKind,
): void {
  const found = classifyStationaryPoint(f, x);
  if (found.kind === kind) return;
  throw new TheoryError(`expectStationary: expected ${kind}, but ${found.message}`);
}

function slackOf(caller: string, { slack }: Slack): number {
  return numberOption(caller, 'slack', slack, 1e-12, NON_NEGATIVE);
}

/** The size of the numbers whose rounding is forgiven. */
function scaleOf(trajectory: readonly Visited[]): number {
  return trajectory.reduce(
    (scale, { value, gradientNorm }) => Math.max(scale, Math.abs(value), gradientNorm ** 2),
    0,
  );
}
