/** What a method for least squares is, as `method.ts` says for other functions. */
import type { Limits } from './loop.ts';
import type { Iteration } from './method.ts';
import type { ResidualPoint, Residuals } from './residuals.ts';

/** A way to find least squares, such as {@link levenbergMarquardt} or {@link gaussNewton}. */
export interface LeastSquaresMethod {
  /** The name of the function that made it. */
  readonly name: string;
  /** Begins at a point with residuals and Jacobian, all finite. */
  begin(residuals: Residuals, start: ResidualPoint, limits: Limits): Iteration<ResidualPoint>;
}
