/** The simplest line search: shorten the step until the value falls enough. */
import { type LineSearch, isFinitePoint, isLostInRounding } from './line-search.ts';
import { BETWEEN_0_AND_1, checkNames, numberOption, POSITIVE_INTEGER } from '../../options.ts';

/** Options of {@link backtracking}. */
export interface BacktrackingOptions {
  /** How much $c_1$ of the decrease that the slope predicts is enough, in (0, 1). Default $10^{-4}$. */
  readonly sufficientDecrease?: number;
  /** The factor by which the step is shortened, in (0, 1). Default 0.5. */
  readonly contraction?: number;
  /** How many steps are tried at most. Default 60: from 1 down to $10^{-18}$. */
  readonly maxTrials?: number;
}

/**
 * Armijo's rule: the step is multiplied by `contraction` until the value is finite and
 *
 * $$f(x + \alpha d) \le f(x) + c_1 \alpha \, \nabla f(x)^T d.$$
 *
 * Where the change of the value is lost in rounding, the condition is put to slopes instead (for a quadratic it is the
 * same): $\nabla f(x + \alpha d)^T d \le (2 c_1 - 1) \nabla f(x)^T d$. The default $c_1$ is Nocedal and Wright's. Takes
 * one value and gradient per trial.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Sources: L. Armijo, 1966; J. Nocedal, S. Wright, Numerical Optimization, 2006, algorithm 3.1; for rounding W. Hager,
 * H. Zhang, SIAM J. Optim. 16, 2005.
 * @example
 * ```ts
 * import { backtracking } from '@ad/optim';
 *
 * const search = backtracking();
 * const line = (step: number) => ({ step, value: (step - 1) ** 2, slope: 2 * (step - 1) });
 * search(line, line(0), 4).step; // => 1
 * ```
 */
export function backtracking(options: BacktrackingOptions = {}): LineSearch {
  checkNames('backtracking', options, ['sufficientDecrease', 'contraction', 'maxTrials']);
  const { sufficientDecrease, contraction, maxTrials } = options;
  const c1 = numberOption(
    'backtracking',
    'sufficientDecrease',
    sufficientDecrease,
    1e-4,
    BETWEEN_0_AND_1,
  );
  const factor = numberOption('backtracking', 'contraction', contraction, 0.5, BETWEEN_0_AND_1);
  const limit = numberOption('backtracking', 'maxTrials', maxTrials, 60, POSITIVE_INTEGER);

  return (line, start, firstStep) => {
    if (!(start.slope < 0)) {
      return { found: false, reason: 'not descent', step: 0, trials: 0, nonFinite: 0 };
    }
    let step = firstStep;
    let nonFinite = 0;
    for (let trials = 1; trials <= limit; trials++) {
      const point = line(step);
      if (!isFinitePoint(point)) nonFinite++;
      else if (isLostInRounding(start, point)) {
        if (point.slope <= (2 * c1 - 1) * start.slope)
          return { found: true, ...point, quality: 'rounding', trials, nonFinite };
      } else {
        const predicted = point.predicted ?? step * start.slope;
        if (predicted < 0 && point.value <= start.value + c1 * predicted)
          return { found: true, ...point, quality: 'full', trials, nonFinite };
      }
      if (trials < limit) step *= factor;
    }
    const reason = nonFinite === limit ? 'not finite' : 'no decrease';
    return { found: false, reason, step, trials: limit, nonFinite };
  };
}
