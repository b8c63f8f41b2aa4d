/**
 * Rates of convergence as functions of the condition number $\kappa = L / \mu$, and the step sizes that reach them,
 * in the form in which they are true: where a textbook states a rate that holds only in the limit, the bound here has
 * the factor that makes it hold at every step.
 *
 * $L$ and $\mu$ are the largest and smallest eigenvalue of the Hessian of a quadratic function, or the smoothness and
 * strong convexity of another one.
 */
import { ValueError } from '@ad/graph';

/** The curvatures between which all eigenvalues of the Hessian lie. */
export interface Curvatures {
  /** The largest, $L$ (or $\beta$): positive. */
  readonly smoothness: number;
  /** The smallest, $\mu$: from 0 to the largest. */
  readonly strongConvexity: number;
}

/**
 * The step size $1 / L$ of gradient descent, for which the descent lemma holds.
 *
 * @throws `ValueError` when the smoothness is not positive.
 * @example
 * ```ts
 * import { safeStep } from '@ad/optim/theory';
 *
 * safeStep(4); // => 0.25
 * ```
 */
export function safeStep(smoothness: number): number {
  checkPositive('safeStep: smoothness', smoothness);
  return 1 / smoothness;
}

/**
 * The step size $2 / (L + \mu)$, the best fixed one of gradient descent on quadratic functions.
 *
 * @throws `ValueError` when the curvatures are not $0 \le \mu \le L$, $L > 0$.
 * @example
 * ```ts
 * import { optimalStep } from '@ad/optim/theory';
 *
 * optimalStep({ smoothness: 3, strongConvexity: 1 }); // => 0.5
 * ```
 */
export function optimalStep(curvatures: Curvatures): number {
  const { smoothness, strongConvexity } = checked('optimalStep', curvatures);
  return 2 / (smoothness + strongConvexity);
}

/**
 * The step size $4 / (\sqrt L + \sqrt\mu)^2$ and momentum $((\sqrt\kappa - 1) / (\sqrt\kappa + 1))^2$ of Polyak's heavy
 * ball, the best ones on quadratic functions.
 *
 * @throws `ValueError` when the curvatures are not $0 \le \mu \le L$, $L > 0$.
 * @example
 * ```ts
 * import { polyakParameters } from '@ad/optim/theory';
 *
 * polyakParameters({ smoothness: 9, strongConvexity: 1 }); // => { stepSize: 0.25, momentum: 0.25 }
 * ```
 */
export function polyakParameters(curvatures: Curvatures): {
  /** The step size. */
  readonly stepSize: number;
  /** The momentum. */
  readonly momentum: number;
} {
  const { smoothness, strongConvexity } = checked('polyakParameters', curvatures);
  const [large, small] = [Math.sqrt(smoothness), Math.sqrt(strongConvexity)];
  const sum = large + small;
  return { stepSize: 4 / (sum * sum), momentum: ((large - small) / sum) ** 2 };
}

/**
 * Gradient descent with {@link optimalStep} on a quadratic function: the distance from the minimum shrinks by
 * $(\kappa - 1) / (\kappa + 1)$ in every step, exactly so from a start in the plane of the extreme eigenvectors.
 *
 * @throws `ValueError` when the condition number is below 1.
 * @example
 * ```ts
 * import { gradientDescentRate } from '@ad/optim/theory';
 *
 * gradientDescentRate(3); // => 0.5
 * ```
 */
export function gradientDescentRate(conditionNumber: number): number {
  checkCondition('gradientDescentRate', conditionNumber);
  return (conditionNumber - 1) / (conditionNumber + 1);
}

/**
 * Gradient descent with {@link safeStep}: the distance from the minimum of a quadratic shrinks by $1 - 1/\kappa$ in
 * every step; so does the distance of the value from the minimum for every function that satisfies the inequality of
 * Polyak and Łojasiewicz, $|\nabla f|^2 \ge 2 \mu (f - f^*)$, convex or not.
 *
 * @throws `ValueError` when the condition number is below 1.
 * @example
 * ```ts
 * import { safeStepRate } from '@ad/optim/theory';
 *
 * safeStepRate(4); // => 0.75
 * ```
 */
export function safeStepRate(conditionNumber: number): number {
  checkCondition('safeStepRate', conditionNumber);
  return 1 - 1 / conditionNumber;
}

/**
 * The rate that Polyak's heavy ball with {@link polyakParameters} reaches on quadratic functions in the limit,
 * $\rho = (\sqrt\kappa - 1) / (\sqrt\kappa + 1)$. At step t the distance may be larger than $\rho^t$ of the first one:
 * {@link heavyBallBound} is what holds.
 *
 * @throws `ValueError` when the condition number is below 1.
 * @example
 * ```ts
 * import { heavyBallRate } from '@ad/optim/theory';
 *
 * heavyBallRate(9); // => 0.5
 * ```
 */
export function heavyBallRate(conditionNumber: number): number {
  checkCondition('heavyBallRate', conditionNumber);
  const root = Math.sqrt(conditionNumber);
  return (root - 1) / (root + 1);
}

/**
 * What the distance from the minimum of a quadratic is at most after t steps of Polyak's heavy ball with
 * {@link polyakParameters}, as a part of the first distance, when it starts at rest:
 * $(1 + (1 + \rho) t) \rho^t$. Attained in the direction of the largest eigenvalue.
 *
 * @throws `ValueError` when the condition number is below 1 or t is not an integer of 0 or more.
 * @example
 * ```ts
 * import { heavyBallBound } from '@ad/optim/theory';
 *
 * heavyBallBound(9, 1); // => 1.25
 * heavyBallBound(9, 20); // ≈ 2.96e-5
 * ```
 */
export function heavyBallBound(conditionNumber: number, t: number): number {
  checkSteps('heavyBallBound', t);
  const rho = heavyBallRate(conditionNumber);
  return (1 + (1 + rho) * t) * rho ** t;
}

/**
 * Nesterov's method with step $1/L$ and momentum $(\sqrt\kappa - 1) / (\sqrt\kappa + 1)$ on a strongly convex
 * function: $f(x_t) - f^* \le (1 - 1/\sqrt\kappa)^t (f(x_0) - f^* + \frac{\mu}{2} |x_0 - x^*|^2)$. This is the rate of
 * one step.
 *
 * @throws `ValueError` when the condition number is below 1.
 * @example
 * ```ts
 * import { nesterovRate } from '@ad/optim/theory';
 *
 * nesterovRate(16); // => 0.75
 * ```
 */
export function nesterovRate(conditionNumber: number): number {
  checkCondition('nesterovRate', conditionNumber);
  return 1 - 1 / Math.sqrt(conditionNumber);
}

/**
 * The rate of Nesterov's method on quadratic functions with the step $4 / (3L + \mu)$ and momentum
 * $(\sqrt{3\kappa + 1} - 2) / (\sqrt{3\kappa + 1} + 2)$, which are best for them: $1 - 2 / \sqrt{3\kappa + 1}$. Slower
 * than {@link heavyBallRate}, which is not safe beyond quadratics.
 *
 * Source: Lessard, Recht and Packard, SIAM J. Optim. 26 (2016), table 1.
 *
 * @throws `ValueError` when the condition number is below 1.
 * @example
 * ```ts
 * import { nesterovQuadraticRate } from '@ad/optim/theory';
 *
 * nesterovQuadraticRate(5); // => 0.5
 * ```
 */
export function nesterovQuadraticRate(conditionNumber: number): number {
  checkCondition('nesterovQuadraticRate', conditionNumber);
  return 1 - 2 / Math.sqrt(3 * conditionNumber + 1);
}

/**
 * Nesterov's method with step $1/L$ on a convex function: $f(x_t) - f^* \le 2 L |x_0 - x^*|^2 / (t + 1)^2$.
 *
 * @param problem - the smoothness $L$, and the first distance $|x_0 - x^*|$.
 * @throws `ValueError` when the smoothness is not positive, the distance negative, or t not an integer of 0 or more.
 * @example
 * ```ts
 * import { nesterovConvexBound } from '@ad/optim/theory';
 *
 * nesterovConvexBound({ smoothness: 2, distance: 3 }, 5); // => 1
 * ```
 */
export function nesterovConvexBound(
  problem: {
    /** The smoothness $L$. */
    readonly smoothness: number;
    /** The first distance. */
    readonly distance: number;
  },
  t: number,
): number {
  const { smoothness, distance } = problem;
  checkPositive('nesterovConvexBound: smoothness', smoothness);
  if (!(distance >= 0)) {
    throw new ValueError(`nesterovConvexBound: distance is ${distance}, expected 0 or more`);
  }
  checkSteps('nesterovConvexBound', t);
  return (2 * smoothness * distance * distance) / ((t + 1) * (t + 1));
}

/**
 * Conjugate gradients on a quadratic function: the error in the norm $|e|_A = \sqrt{e^T A e}$ after t steps is at most
 * this part of the first one, $2 ((\sqrt\kappa - 1) / (\sqrt\kappa + 1))^t$.
 *
 * @throws `ValueError` when the condition number is below 1 or t is not an integer of 0 or more.
 * @example
 * ```ts
 * import { conjugateGradientBound } from '@ad/optim/theory';
 *
 * conjugateGradientBound(9, 3); // => 0.25
 * ```
 */
export function conjugateGradientBound(conditionNumber: number, t: number): number {
  checkSteps('conjugateGradientBound', t);
  return 2 * heavyBallRate(conditionNumber) ** t;
}

/**
 * How many steps of gradient descent with step $1/\beta$ a point with gradient norm at most $\varepsilon$ takes at
 * most: $T \le 2 M \beta / \varepsilon^2$, the Lyapunov argument of the descent lemma.
 *
 * @param problem - the gap $M = f(x_0) - f^*$ or any bound for it, 0 or more; the smoothness $\beta$ and the tolerance
 * $\varepsilon$, positive.
 * @throws `ValueError` when an argument is out of its range.
 * @example
 * ```ts
 * import { lyapunovSteps } from '@ad/optim/theory';
 *
 * lyapunovSteps({ gap: 1, smoothness: 2, tolerance: 0.5 }); // => 16
 * ```
 */
export function lyapunovSteps(problem: {
  /** The gap $M$. */
  readonly gap: number;
  /** The smoothness $\beta$. */
  readonly smoothness: number;
  /** The tolerance $\varepsilon$. */
  readonly tolerance: number;
}): number {
  const { gap, smoothness, tolerance } = problem;
  if (!(gap >= 0)) throw new ValueError(`lyapunovSteps: gap is ${gap}, expected 0 or more`);
  checkPositive('lyapunovSteps: smoothness', smoothness);
  checkPositive('lyapunovSteps: tolerance', tolerance);
  return (2 * gap * smoothness) / (tolerance * tolerance);
}

function checkPositive(what: string, value: number): void {
  if (value > 0 && value < Infinity) return;
  throw new ValueError(`${what} is ${value}, expected a positive finite number`);
}

function checkCondition(caller: string, conditionNumber: number): void {
  if (conditionNumber >= 1 && conditionNumber < Infinity) return;
  throw new ValueError(
    `${caller}: the condition number is ${conditionNumber}, expected a finite number of 1 or more`,
  );
}

function checkSteps(caller: string, t: number): void {
  if (Number.isInteger(t) && t >= 0) return;
  throw new ValueError(`${caller}: t is ${t}, expected an integer of 0 or more`);
}

function checked(caller: string, curvatures: Curvatures): Curvatures {
  const { smoothness, strongConvexity } = curvatures;
  checkPositive(`${caller}: smoothness`, smoothness);
  if (strongConvexity >= 0 && strongConvexity <= smoothness) return curvatures;
  throw new ValueError(
    `${caller}: strongConvexity is ${strongConvexity}, expected a number from 0 to the smoothness ${smoothness}`,
  );
}
