/** Polyak's momentum: a heavy ball that rolls down, with friction. */
import { BELOW_ONE, checkNames, numberOption, POSITIVE } from '../options.ts';
import { FixedSteps } from './fixed-steps.ts';
import type { Method } from './method.ts';
import type { Objective, Point } from './objective.ts';
import { type CurvatureOptions, curvatureOption, exactlyOne } from './step-size.ts';
import type { Failure } from './stop.ts';
import { ValueError } from '@ad/graph';

/** Options of {@link heavyBall}: step size and momentum, or the two curvatures that say what is best. */
export interface HeavyBallOptions extends CurvatureOptions {
  /** The step size $\eta$, above 0. */
  readonly stepSize?: number;
  /** How much $\beta$ of the velocity is kept, in [0, 1). Default 0.9 with `stepSize`. */
  readonly momentum?: number;
}

/**
 * Gradient descent with Polyak's momentum, in the form
 *
 * $$v_{t+1} = -\nabla f(x_t) + \beta v_t, \qquad x_{t+1} = x_t + \eta v_{t+1}, \qquad v_0 = 0,$$
 *
 * which is $x_{t+1} = x_t - \eta \nabla f(x_t) + \beta (x_t - x_{t-1})$. From `smoothness` $L$ and `strongConvexity`
 * $\mu$ follow Polyak's $\eta = 4 / (\sqrt L + \sqrt \mu)^2$ and
 * $\beta = ((\sqrt \kappa - 1) / (\sqrt \kappa + 1))^2$ with $\kappa = L / \mu$, the best for quadratics. For other
 * strongly convex functions these may cycle for ever.
 *
 * The value need not fall in each step. Without momentum it is {@link gradientDescent}, bit for bit. Takes bounds: the
 * new point is projected, and the velocity is what the point has really moved.
 *
 * @throws `ValueError` when an option is unknown, outside its range, or contradicts another.
 * Source: B. T. Polyak, USSR Comp. Math. Math. Phys. 4, 1964; on cycles L. Lessard, B. Recht, A. Packard, SIAM J.
 * Optim. 26, 2016.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { heavyBall, minimize } from '@ad/optim';
 *
 * const f = ({ x, y }: { x: GraphNode; y: GraphNode }) => x.square().add(y.square().mul(100)).mul(0.5);
 * const method = heavyBall({ smoothness: 100, strongConvexity: 1 });
 * minimize(f, { x: 1, y: 1 }, { method }).iterations < 150; // => true
 * ```
 */
export function heavyBall(options: HeavyBallOptions): Method {
  const name = 'heavyBall';
  checkNames(name, options, ['stepSize', 'momentum', 'smoothness', 'strongConvexity']);
  const { smoothness, strongConvexity } = curvatureOption(name, options);
  exactlyOne(
    name,
    ['stepSize', 'smoothness'],
    [options.stepSize !== undefined, smoothness !== undefined],
  );
  let [stepSize, momentum] = [1, 0.9];
  if (smoothness === undefined) {
    stepSize = numberOption(name, 'stepSize', options.stepSize, 1, POSITIVE);
    momentum = numberOption(name, 'momentum', options.momentum, 0.9, BELOW_ONE);
  } else {
    if (strongConvexity === undefined || options.momentum !== undefined) {
      throw new ValueError(
        `${name}: smoothness takes strongConvexity beside it, and no momentum, which follows from the two; ` +
          'or give stepSize and momentum',
      );
    }
    const [a, b] = [Math.sqrt(smoothness), Math.sqrt(strongConvexity)];
    stepSize = (2 / (a + b)) ** 2;
    momentum = ((a - b) / (a + b)) ** 2;
  }
  return {
    name,
    bounded: true,
    begin: (objective, start) => new HeavyBall(objective, start, stepSize, momentum),
  };
}

class HeavyBall extends FixedSteps {
  readonly #momentum: number;
  readonly #velocity: Float64Array;

  constructor(objective: Objective, start: Point, stepSize: number, momentum: number) {
    super(objective, start, stepSize);
    this.#momentum = momentum;
    this.#velocity = new Float64Array(objective.size);
  }

  advance(): Failure | undefined {
    const { current, next, stepSize } = this;
    const { x, gradient } = current;
    const { bounds } = this.objective;
    const velocity = this.#velocity;
    for (let i = 0; i < x.length; i++) {
      velocity[i] = -gradient[i]! + this.#momentum * velocity[i]!;
      next.x[i] = x[i]! + stepSize * velocity[i]!;
    }
    if (bounds !== undefined) {
      bounds.project(next.x);
      for (let i = 0; i < x.length; i++) velocity[i] = (next.x[i]! - x[i]!) / stepSize;
    }
    return this.goOn();
  }
}
