/** What line searches work on and what they find: functions of one number, the length of a step. */

/** A function of the step with its derivative. */
export interface LinePoint {
  /** The step. */
  readonly step: number;
  /** The value there. */
  readonly value: number;
  /** The derivative by the step there. */
  readonly slope: number;
  /**
   * By how much the slope at 0 says that the value changes up to here; default the step times that slope. Another
   * number where the path is bent, as by projection.
   */
  readonly predicted?: number;
}

/** A function along a path, called with the step: the value there and its derivative. */
export type LineFunction = (step: number) => LinePoint;

/** A step that was found. */
export interface StepFound extends LinePoint {
  /** Says that this is a step. */
  readonly found: true;
  /**
   * What the step satisfies: the strong Wolfe conditions (or those that were asked for), the same but for rounding, or
   * only that the value falls.
   */
  readonly quality: 'full' | 'rounding' | 'decrease';
  /** How often the function was called. */
  readonly trials: number;
  /** How many of these calls gave something that is not finite, so that the step was shortened. */
  readonly nonFinite: number;
}

/** There is no step, and why. */
export interface NoStep {
  /** Says that there is none. */
  readonly found: false;
  /**
   * `not descent`: the slope at 0 is not negative. `no decrease`: no trial was good enough. `not finite`: none was even
   * finite. `unbounded`: the value falls however long the step is.
   */
  readonly reason: 'not descent' | 'no decrease' | 'not finite' | 'unbounded';
  /** The last step that was tried. */
  readonly step: number;
  /** How often the function was called. */
  readonly trials: number;
  /** How many of these calls gave something that is not finite. */
  readonly nonFinite: number;
}

/**
 * A way to choose the length of a step: {@link backtracking} or {@link strongWolfe}.
 *
 * @param line - the function; it may return values that are not finite, and the step is shortened then.
 * @param start - its value and slope at step 0.
 * @param firstStep - where to begin, above 0.
 */
export type LineSearch = (
  line: LineFunction,
  start: LinePoint,
  firstStep: number,
) => StepFound | NoStep;

/** Whether value and slope are finite. */
export function isFinitePoint({ value, slope }: LinePoint): boolean {
  return Number.isFinite(value) && Number.isFinite(slope);
}

/**
 * Relative changes of the value up to this may be rounding. Larger than the rounding of one number, since a value is the
 * sum of many.
 */
export const ROUNDING = 1e-13;

/** Whether rounding may decide which of two values is smaller: then the slope says more. */
export function isLostInRounding(start: LinePoint, point: LinePoint): boolean {
  return Math.abs(point.value - start.value) <= ROUNDING * Math.abs(start.value);
}
