/** The Gauss-Newton method: least squares by a sequence of linear ones. */
import { checkFunction, checkNames } from '../options.ts';
import type { LeastSquaresMethod } from './least-squares-method.ts';
import { PivotedQR } from './linear-algebra/pivoted-qr.ts';
import { backtracking } from './line-search/backtracking.ts';
import type { LineFunction, LineSearch } from './line-search/line-search.ts';
import type { Iteration } from './method.ts';
import type { ResidualPoint, Residuals } from './residuals.ts';
import { searchFailure } from './search-failure.ts';
import type { Failure } from './stop.ts';
import { addScaled } from './vectors.ts';

/** Options of {@link gaussNewton}. */
export interface GaussNewtonOptions {
  /** How a step is shortened; default `backtracking()`, which begins at 1. */
  readonly lineSearch?: LineSearch;
}

/**
 * The Gauss-Newton method: a step minimizes $|r + J p|^2$, and is shortened until the sum of squares falls.
 *
 * Exact in one step where the residuals are linear; fast where they are small or nearly linear at the minimum. It ends with
 * `singular` where the columns of the Jacobian are dependent; {@link levenbergMarquardt} goes on there.
 *
 * @throws `ValueError` when an option is unknown or is not a line search.
 * Complexity: $O(m n^2)$ for each step, besides residuals and Jacobian.
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, 10.3.
 * @example
 * ```ts
 * import { tensor, type GraphNode } from '@ad/graph';
 * import { gaussNewton, leastSquares } from '@ad/optim';
 *
 * const x = tensor([0, 1, 2]);
 * const line = ({ a, b }: { a: GraphNode; b: GraphNode }) => a.mul(x).add(b).sub(tensor([1, 3, 5]));
 * const { minimizer, iterations } = leastSquares(line, { a: 0, b: 0 }, { method: gaussNewton() });
 * minimizer; // ≈ { a: 2.000000, b: 1.000000 }
 * iterations <= 2; // => true
 * ```
 */
export function gaussNewton(options: GaussNewtonOptions = {}): LeastSquaresMethod {
  checkNames('gaussNewton', options, ['lineSearch']);
  const { lineSearch } = options;
  if (lineSearch !== undefined) {
    checkFunction('gaussNewton', 'lineSearch', lineSearch, 'one such as backtracking()');
  }
  return {
    name: 'gaussNewton',
    begin: (residuals, start) => new GaussNewton(residuals, start, lineSearch ?? backtracking()),
  };
}

class GaussNewton implements Iteration<ResidualPoint> {
  current: ResidualPoint;
  stepSize = 0;
  readonly #residuals: Residuals;
  readonly #search: LineSearch;
  readonly #qr: PivotedQR;
  readonly #step: Float64Array;
  #next: ResidualPoint;
  #lastTried = Number.NaN;

  constructor(residuals: Residuals, start: ResidualPoint, search: LineSearch) {
    this.current = start;
    this.#residuals = residuals;
    this.#search = search;
    this.#qr = new PivotedQR(residuals.count, residuals.size);
    this.#step = new Float64Array(residuals.size);
    this.#next = residuals.newPoint();
  }

  advance(): Failure | undefined {
    const { current } = this;
    this.#qr.factor(current.jacobian, current.residuals);
    if (this.#qr.rank < this.#qr.columns) return { kind: 'singular', matrix: 'Jacobian' };
    this.#qr.solve(this.#step);
    for (let i = 0; i < this.#step.length; i++) this.#step[i] = -this.#step[i]!;
    const slope = this.#slopeAt(current);
    const outcome = this.#search(this.#line, { step: 0, value: current.value, slope }, 1);
    if (!outcome.found) {
      return searchFailure(outcome, slope, () => {
        const { x, value } = this.#next;
        return { kind: 'non-finite', value, where: this.#residuals.whereNotFinite(x) };
      });
    }
    if (outcome.step !== this.#lastTried) this.#line(outcome.step);
    this.stepSize = outcome.step;
    this.current = this.#next;
    this.#next = current;
    return undefined;
  }

  readonly #line: LineFunction = (step) => {
    const next = this.#next;
    addScaled(next.x, this.current.x, step, this.#step);
    this.#lastTried = step;
    const isFinite = this.#residuals.evaluate(next) && this.#residuals.differentiate(next);
    return { step, value: next.value, slope: isFinite ? this.#slopeAt(next) : Number.NaN };
  };

  /** The derivative of the sum of squares along the step: $2 r^T J p$. */
  #slopeAt({ jacobian, residuals }: ResidualPoint): number {
    const m = residuals.length;
    let sum = 0;
    for (let j = 0; j < this.#step.length; j++) {
      let column = 0;
      for (let i = 0; i < m; i++) column += jacobian[j * m + i]! * residuals[i]!;
      sum += column * this.#step[j]!;
    }
    return 2 * sum;
  }
}
