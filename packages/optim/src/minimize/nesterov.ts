/** Nesterov's acceleration: the gradient is taken where the momentum leads. */
import { ValueError } from '@ad/graph';
import { BELOW_ONE, checkNames, describeValue, numberOption, POSITIVE } from '../options.ts';
import { FixedSteps } from './fixed-steps.ts';
import type { Method } from './method.ts';
import { notFinite } from './not-finite.ts';
import { newPoint, type Objective, type Point } from './objective.ts';
import { type CurvatureOptions, curvatureOption, exactlyOne } from './step-size.ts';
import type { Failure } from './stop.ts';
import { addScaled } from './vectors.ts';

/** Options of {@link nesterov}: a step size or the smoothness, and a momentum or the strong convexity. */
export interface NesterovOptions extends CurvatureOptions {
  /** The step size $\eta$, above 0; or give `smoothness`, for $\eta = 1 / L$. */
  readonly stepSize?: number;
  /**
   * How much $\beta_t$ of the velocity is kept: a number in [0, 1), or `'convex'` for the growing sequence that is
   * optimal for convex functions. Default `'convex'`; with `strongConvexity` it follows from that.
   */
  readonly momentum?: number | 'convex';
}

/**
 * Nesterov's accelerated gradient descent, in the form
 *
 * $$v_{t+1} = -\nabla f(x_t + \eta \beta_t v_t) + \beta_t v_t, \qquad x_{t+1} = x_t + \eta v_{t+1}, \qquad v_0 = 0.$$
 *
 * Since $\eta v_t = x_t - x_{t-1}$, this is $y_t = x_t + \beta_t (x_t - x_{t-1})$,
 * $x_{t+1} = y_t - \eta \nabla f(y_t)$; written without the $\eta$ inside the gradient, as one meets it, it is the same
 * for $\eta = 1$ only. The look-ahead points $y_t$ are part of the trajectory.
 *
 * - convex functions: $\beta_t = (\theta_t - 1) / \theta_{t+1}$ with $\theta_0 = 1$,
 *   $\theta_{t+1} = (1 + \sqrt{1 + 4 \theta_t^2}) / 2$. With $\eta = 1 / L$,
 *   $f(x_t) - f^* \le 2 L |x_0 - x^*|^2 / (t + 1)^2$.
 * - strongly convex ones, by `smoothness` and `strongConvexity`:
 *   $\beta = (\sqrt \kappa - 1) / (\sqrt \kappa + 1)$, $\kappa = L / \mu$, and
 *   $f(x_t) - f^* \le (1 - 1 / \sqrt \kappa)^t (f(x_0) - f^* + \frac{\mu}{2} |x_0 - x^*|^2)$.
 *
 * A step takes two evaluations: at $y_t$, and at $x_{t+1}$, which is the point that is reported and tested. The value
 * need not fall in each step. Without momentum it is {@link gradientDescent}, bit for bit. Takes bounds: $x_t$ and
 * $y_t$ are projected.
 *
 * @throws `ValueError` when an option is unknown, outside its range, or contradicts another.
 * Sources: Yu. Nesterov, Soviet Math. Doklady 27, 1983, and Introductory Lectures on Convex Optimization, 2004, 2.2;
 * for the bounds A. Beck, M. Teboulle, SIAM J. Imaging Sciences 2, 2009.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { minimize, nesterov } from '@ad/optim';
 *
 * const f = ({ x, y }: { x: GraphNode; y: GraphNode }) => x.square().add(y.square().mul(100)).mul(0.5);
 * const method = nesterov({ smoothness: 100, strongConvexity: 1 });
 * minimize(f, { x: 1, y: 1 }, { method }).stop.kind; // => 'gradient'
 * ```
 */
export function nesterov(options: NesterovOptions): Method {
  const name = 'nesterov';
  checkNames(name, options, ['stepSize', 'momentum', 'smoothness', 'strongConvexity']);
  const { smoothness, strongConvexity } = curvatureOption(name, options);
  exactlyOne(
    name,
    ['stepSize', 'smoothness'],
    [options.stepSize !== undefined, smoothness !== undefined],
  );
  if (strongConvexity !== undefined && options.momentum !== undefined) {
    throw new ValueError(`${name}: momentum follows from strongConvexity; give one of them`);
  }
  if (typeof options.momentum === 'string' && options.momentum !== 'convex') {
    throw new ValueError(
      `${name}: momentum is ${describeValue(options.momentum)}, expected a number or 'convex'`,
    );
  }
  const stepSize =
    smoothness === undefined
      ? numberOption(name, 'stepSize', options.stepSize, 1, POSITIVE)
      : 1 / smoothness;
  let schedule: () => Schedule = convex;
  if (strongConvexity !== undefined) {
    const [a, b] = [Math.sqrt(smoothness!), Math.sqrt(strongConvexity)];
    const momentum = (a - b) / (a + b);
    schedule = () => () => momentum;
  } else if (options.momentum !== undefined && options.momentum !== 'convex') {
    const momentum = numberOption(name, 'momentum', options.momentum, 0, BELOW_ONE);
    schedule = () => () => momentum;
  }
  return {
    name,
    bounded: true,
    begin: (objective, start) => new Nesterov(objective, start, stepSize, schedule()),
  };
}

/** The momentum of each step in turn. */
type Schedule = () => number;

function convex(): Schedule {
  let theta = 1;
  return () => {
    const last = theta;
    theta = (1 + Math.sqrt(1 + 4 * last * last)) / 2;
    return (last - 1) / theta;
  };
}

class Nesterov extends FixedSteps {
  readonly #schedule: Schedule;
  readonly #velocity: Float64Array;
  /** The look-ahead point; it is the current one where there is no momentum. */
  readonly #ahead: Point;
  #momentum: number;

  constructor(objective: Objective, start: Point, stepSize: number, schedule: Schedule) {
    super(objective, start, stepSize);
    this.#schedule = schedule;
    this.#velocity = new Float64Array(objective.size);
    this.#ahead = newPoint(objective.size);
    this.#momentum = schedule();
    this.#look();
  }

  get lookAhead(): Float64Array {
    return this.#ahead.x;
  }

  advance(): Failure | undefined {
    const { current, next, stepSize } = this;
    const { bounds } = this.objective;
    const velocity = this.#velocity;
    const isHere = this.#ahead.x.every((x, i) => x === current.x[i]);
    const from = isHere ? current : this.#ahead;
    if (!isHere && !this.objective.evaluate(from)) return notFinite(this.objective, from);
    for (let i = 0; i < velocity.length; i++) {
      velocity[i] = -from.gradient[i]! + this.#momentum * velocity[i]!;
    }
    addScaled(next.x, current.x, stepSize, velocity);
    if (bounds !== undefined) {
      bounds.project(next.x);
      for (let i = 0; i < velocity.length; i++) {
        velocity[i] = (next.x[i]! - current.x[i]!) / stepSize;
      }
    }
    const failure = this.goOn();
    if (failure !== undefined) return failure;
    this.#momentum = this.#schedule();
    this.#look();
    return undefined;
  }

  #look(): void {
    addScaled(this.#ahead.x, this.current.x, this.stepSize * this.#momentum, this.#velocity);
    this.objective.bounds?.project(this.#ahead.x);
  }
}
