/** What a method is: a value that says how to go from one point to the next. The loop around it is `minimize`. */
import type { Objective, Point } from './objective.ts';
import type { Failure } from './stop.ts';

/** A minimization that is going on. */
export interface Iteration<P = Point> {
  /** Where it is. Another object after each step, and the old one may be written over one step later. */
  readonly current: P;
  /** The step size of the last step: what the direction was multiplied with. */
  readonly stepSize: number;
  /** For methods that evaluate elsewhere: where the next gradient is taken. */
  readonly lookAhead?: Float64Array;
  /** Goes on to the next point; or says why that is not possible, and stays. */
  advance(): Failure | undefined;
}

/**
 * A way to find a minimum, such as {@link lbfgs} or {@link gradientDescent}: a value to be given to `minimize`. Only
 * the methods that are imported become part of a bundle.
 */
export interface Method {
  /** The name of the function that made it. */
  readonly name: string;
  /** Whether it keeps points within bounds. */
  readonly bounded: boolean;
  /** Begins at a point with value and gradient, both finite. */
  begin(objective: Objective, start: Point): Iteration;
}
