/**
 * Five-point differences with an error bound that is derived from what was computed: truncation by comparing two
 * steps, rounding from the magnitudes on the way.
 */

/** A slope of a function of one number, with what is known of its error. */
export interface Slope {
  /** The difference quotient. */
  readonly value: number;
  /** A bound of its error: truncation and rounding. */
  readonly tolerance: number;
  /** Where the bound comes from, in words. */
  readonly origin: string;
  /** Whether the slopes from the left and from the right differ, however small the step. */
  readonly isKink: boolean;
  /** The slope from the left and the one from the right. */
  readonly sides: readonly [left: number, right: number];
}

/** Steps that are tried, from that with the least error for tame functions down. */
const STEPS = [1e-3, 1e-4, 1e-5, 1e-6];
/** An error below this, relative to what is measured, needs no smaller step. */
const GOOD_ENOUGH = 1e-9;
/**
 * Rounding of the quotient at step h is below 3 eps N / h (the coefficients add up to 3 / h), if every node is rounded
 * to half a unit in the last place; elementary functions and sums of a few terms take some units more.
 */
const ROUNDING = 16;

/**
 * The slope of `f` at 0: the five-point quotient with the step that has the least error bound.
 *
 * @param noise - the sum over all nodes of |adjoint times value|: how much f(0) changes when every node is changed by
 * its own size. Times eps, it is the rounding error of `f`.
 * @param change - the same sum of |adjoint times tangent|: by how much the former grows with t.
 */
export function slopeOf(f: (t: number) => number, noise: number, change: number): Slope {
  let best: Slope | undefined;
  const at = f(0);
  for (const h of STEPS) {
    const values = [-2, -1, -0.5, 0.5, 1, 2].map((k) => f(k * h)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const [m2, m1, mHalf, pHalf, p1, p2] = values;
    const coarse = (8 * (p1 - m1) - (p2 - m2)) / (12 * h);
    const fine = (8 * (pHalf - mHalf) - (p1 - m1)) / (6 * h);
    // 15 times the error of the finer quotient, where the fifth derivative varies little.
    const truncation = Math.abs(coarse - fine);
    // Where f and its slope vanish, how far it bends away from 0 is all that is rounded.
    const bend = Math.max(...values.map((value) => Math.abs(value - at)));
    const rounding = (ROUNDING * Number.EPSILON * (noise + 2 * h * change + bend)) / h;
    const tolerance = truncation + rounding;
    // A quotient that is not a number, from outside of the domain, gives way to any other.
    if (best !== undefined && !(tolerance < best.tolerance || Number.isNaN(best.tolerance)))
      continue;
    const [left, right] = [(at - mHalf) / (h / 2), (pHalf - at) / (h / 2)];
    const [coarseLeft, coarseRight] = [(at - m1) / h, (p1 - at) / h];
    // Where f is smooth the gap between the sides is h f'' and halves with the step.
    const [gap, coarseGap] = [Math.abs(right - left), Math.abs(coarseRight - coarseLeft)];
    best = {
      value: fine,
      tolerance,
      origin: `five points at step ${h / 2}: ${truncation.toExponential(1)} truncation + ${rounding.toExponential(1)} rounding`,
      isKink: gap > 0.75 * coarseGap && gap > 8 * rounding,
      sides: [left, right],
    };
    if (tolerance <= GOOD_ENOUGH * Math.max(1, Math.abs(fine))) break;
  }
  return best!;
}
