/** Newton's method without a matrix: the system is solved by conjugate gradients, as far as needed. */
import { checkFunction, checkNames } from '../options.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineSearch } from './line-search/line-search.ts';
import type { Method } from './method.ts';
import type { Objective, Point } from './objective.ts';
import { type DirectionRule, DirectionSearch } from './search-direction.ts';
import { TruncatedCG } from './truncated-cg.ts';

/** Options of {@link newtonCG}. */
export interface NewtonCGOptions {
  /** How the step is shortened; default `backtracking()`, which begins at 1. */
  readonly lineSearch?: LineSearch;
}

/**
 * The line-search Newton method on Hessian-vector products: for many variables, where a Hessian would not fit.
 *
 * The direction comes from conjugate gradients on $H p = -g$, ended when the residual is
 * $\min(0.5, \sqrt{|g|})\,|g|$ or a direction of negative curvature is met; it always leads downhill. The tolerance
 * is SciPy's and Nocedal and Wright's, and makes the convergence superlinear.
 *
 * @throws `ValueError` when an option is unknown or is not a line search.
 * Complexity: up to $2 n$ Hessian-vector products for each step, mostly far fewer.
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, algorithm 7.1.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { minimize, newtonCG } from '@ad/optim';
 *
 * const f = (x: GraphNode) => x.square().square().add(x.square()).sum();
 * const { converged, evaluations } = minimize(f, new Float64Array(1000).fill(1), { method: newtonCG() });
 * converged; // => true
 * evaluations.hessianProduct < 50; // => true
 * ```
 */
export function newtonCG(options: NewtonCGOptions = {}): Method {
  checkNames('newtonCG', options, ['lineSearch']);
  const { lineSearch } = options;
  if (lineSearch !== undefined) {
    checkFunction('newtonCG', 'lineSearch', lineSearch, 'one such as backtracking()');
  }
  return {
    name: 'newtonCG',
    bounded: false,
    begin: (objective, start) =>
      new DirectionSearch(
        objective,
        start,
        new InexactNewton(objective),
        lineSearch ?? backtracking(),
      ),
  };
}

class InexactNewton implements DirectionRule {
  readonly #objective: Objective;
  readonly #solver: TruncatedCG;

  constructor(objective: Objective) {
    this.#objective = objective;
    this.#solver = new TruncatedCG(objective.size);
  }

  direction({ x, gradient }: Point, out: Float64Array): undefined {
    this.#solver.run(
      gradient,
      (v, product) => {
        this.#objective.hessianProduct(x, v, product);
      },
      Infinity,
    );
    out.set(this.#solver.step);
  }

  firstStep(): number {
    return 1;
  }
}
