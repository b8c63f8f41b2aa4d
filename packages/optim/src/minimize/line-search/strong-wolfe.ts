/** The line search of quasi-Newton methods: a step at which the value has fallen and the slope has flattened. */
import { ValueError } from '@ad/graph';
import { BETWEEN_0_AND_1, checkNames, numberOption, POSITIVE_INTEGER } from '../../options.ts';
import { isFinitePoint, isLostInRounding, type LinePoint, type LineSearch } from './line-search.ts';

/** Options of {@link strongWolfe}. */
export interface StrongWolfeOptions {
  /** How much $c_1$ of the decrease that the slope predicts is enough, in (0, 1). Default $10^{-4}$. */
  readonly sufficientDecrease?: number;
  /** What part $c_2$ of the slope may be left, between $c_1$ and 1. Default 0.9. */
  readonly curvature?: number;
  /** How many steps are tried at most. Default 40. */
  readonly maxTrials?: number;
}

/** A bracket narrower than this, relative to its ends, cannot be divided any more. */
const NARROWEST = 4 * Number.EPSILON;

/** By how much the step grows at least and at most while the value falls and no bracket is known. */
const EXPANSION = [1.5, 10] as const;

/** A step that has grown by this factor while the value fell all along has no minimum before it. */
const UNBOUNDED = 1e20;

/**
 * The strong Wolfe conditions:
 *
 * $$f(x + \alpha d) \le f(x) + c_1 \alpha \, \nabla f(x)^T d, \qquad |\nabla f(x + \alpha d)^T d| \le c_2 |\nabla f(x)^T d|.$$
 *
 * The step grows to where the slopes of the last two points let one expect 0, by a factor of 1.5 to 10, until such a
 * step is bracketed; then the bracket is narrowed by cubic interpolation, by bisection where one end is not finite. The second condition makes $y^T s > 0$, so that quasi-Newton matrices stay
 * positive definite. Near a minimum, where the change of the value is lost in rounding, the first condition is replaced
 * by that of Hager and Zhang, which looks at slopes alone: the value may then rise by $10^{-13} |f|$
 * (`quality: 'rounding'`). If no step satisfies both within `maxTrials`, the best one that satisfies the first is taken
 * (`quality: 'decrease'`). If the value
 * falls all along while the step grows by a factor of $10^{20}$, the reason is `unbounded`.
 *
 * The default constants are Nocedal and Wright's for quasi-Newton methods (SciPy and PyTorch have the same); for
 * conjugate gradients they take $c_2 = 0.1$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Sources: J. Nocedal, S. Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6; W. Hager, H. Zhang, SIAM J.
 * Optim. 16, 2005.
 * @example
 * ```ts
 * import { strongWolfe } from '@ad/optim';
 *
 * const search = strongWolfe({ curvature: 0.1 });
 * const line = (step: number) => ({ step, value: (step - 3) ** 2, slope: 2 * (step - 3) });
 * const step = search(line, line(0), 1);
 * step.found && step.quality; // => 'full'
 * step.step; // => 3
 * ```
 */
export function strongWolfe(options: StrongWolfeOptions = {}): LineSearch {
  checkNames('strongWolfe', options, ['sufficientDecrease', 'curvature', 'maxTrials']);
  const { sufficientDecrease, curvature, maxTrials } = options;
  const c1 = numberOption(
    'strongWolfe',
    'sufficientDecrease',
    sufficientDecrease,
    1e-4,
    BETWEEN_0_AND_1,
  );
  const c2 = numberOption('strongWolfe', 'curvature', curvature, 0.9, BETWEEN_0_AND_1);
  const limit = numberOption('strongWolfe', 'maxTrials', maxTrials, 40, POSITIVE_INTEGER);
  if (c1 >= c2) {
    throw new ValueError(
      `strongWolfe: sufficientDecrease is ${c1} and curvature ${c2}, expected the first to be smaller; ` +
        'otherwise there may be no step that satisfies both',
    );
  }

  return (line, start, firstStep) => {
    if (!(start.slope < 0)) {
      return { found: false, reason: 'not descent', step: 0, trials: 0, nonFinite: 0 };
    }
    // The bracket: `low` is the best step so far with sufficient decrease, the minimum lies between it and `high`.
    let low: LinePoint = start;
    let before: LinePoint = start;
    let high: LinePoint | undefined;
    let step = firstStep;
    let nonFinite = 0;
    let trials = 0;
    while (trials < limit) {
      const point = line(step);
      trials++;
      const falls = point.value <= start.value + c1 * step * start.slope;
      const isLost = isLostInRounding(start, point) && point.slope <= (2 * c1 - 1) * start.slope;
      if (!isFinitePoint(point)) {
        nonFinite++;
        high = point;
      } else if (!(falls || isLost) || (!isLost && point.value >= low.value && low !== start)) {
        high = point;
      } else {
        if (Math.abs(point.slope) <= c2 * Math.abs(start.slope)) {
          return { found: true, ...point, quality: falls ? 'full' : 'rounding', trials, nonFinite };
        }
        const direction = high === undefined ? 1 : high.step - low.step;
        if (point.slope * direction >= 0) high = low;
        before = low;
        low = point;
      }
      if (high === undefined) step = beyond(before, low);
      else if (Math.abs(high.step - low.step) <= NARROWEST * Math.max(high.step, low.step)) break;
      else step = between(low, high);
    }
    if (high === undefined && low.step > UNBOUNDED * firstStep) {
      return { found: false, reason: 'unbounded', step: low.step, trials, nonFinite };
    }
    if (low !== start && low.value < start.value) {
      return { found: true, ...low, quality: 'decrease', trials, nonFinite };
    }
    const reason = nonFinite === trials ? 'not finite' : 'no decrease';
    return { found: false, reason, step, trials, nonFinite };
  };
}

/** Where the line through the last two slopes is 0, if that is a step to be made. */
function beyond(before: LinePoint, last: LinePoint): number {
  const [least, most] = EXPANSION;
  const share = last.slope / (before.slope - last.slope);
  const step = last.step + share * (last.step - before.step);
  // A slope that has become steeper says nothing of where it ends.
  return share > 0
    ? Math.min(Math.max(step, least * last.step), most * last.step)
    : most * last.step;
}

/**
 * The minimum of the cubic through two points with their slopes, kept away from both; the middle where there is none. Of
 * values that differ by rounding only the slopes are used.
 *
 * Source: J. Nocedal, S. Wright, Numerical Optimization, 2006, equation (3.59).
 */
function between(low: LinePoint, high: LinePoint): number {
  const width = high.step - low.step;
  const share = shareOfMinimum(low, high, width);
  return low.step + width * (share > 0 && share < 1 ? Math.min(Math.max(share, 0.1), 0.9) : 0.5);
}

function shareOfMinimum(low: LinePoint, high: LinePoint, width: number): number {
  if (!isFinitePoint(high)) return Number.NaN;
  if (isLostInRounding(low, high)) return low.slope / (low.slope - high.slope);
  const d1 = low.slope + high.slope - (3 * (high.value - low.value)) / width;
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - low.slope * high.slope);
  return 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
}
