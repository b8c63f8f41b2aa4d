/** The step size of a first-order method: given, or the inverse of the smoothness of the function. */
import { ValueError } from '@ad/graph';
import { numberOption, POSITIVE } from '../options.ts';

/** What is known of a function: all eigenvalues of its Hessian lie between `strongConvexity` and `smoothness`. */
export interface CurvatureOptions {
  /** The largest curvature $\beta$ (often $L$): the norm of the Hessian is at most this. Above 0. */
  readonly smoothness?: number;
  /** The least curvature $\mu$ of a strongly convex function: above 0, at most `smoothness`. */
  readonly strongConvexity?: number;
}

/** The curvatures among the options, checked. */
export interface Curvature {
  readonly smoothness: number | undefined;
  readonly strongConvexity: number | undefined;
}

/**
 * Checks curvatures.
 *
 * @throws `ValueError` when one is not positive, or the second is without the first or above it.
 */
export function curvatureOption(caller: string, options: CurvatureOptions): Curvature {
  const positive = (name: keyof CurvatureOptions): number | undefined =>
    options[name] === undefined
      ? undefined
      : numberOption(caller, name, options[name], 0, POSITIVE);
  const smoothness = positive('smoothness');
  const strongConvexity = positive('strongConvexity');
  if (strongConvexity !== undefined && !(strongConvexity <= (smoothness ?? -1))) {
    throw new ValueError(
      `${caller}: strongConvexity is ${strongConvexity} and smoothness ${String(smoothness)}, ` +
        'expected a smoothness that is not below it',
    );
  }
  return { smoothness, strongConvexity };
}

/**
 * Checks that exactly one of two options is given.
 *
 * @throws `ValueError` when none is, or both are.
 */
export function exactlyOne(
  caller: string,
  [first, second]: readonly [string, string],
  [hasFirst, hasSecond]: readonly [boolean, boolean],
): void {
  if (hasFirst !== hasSecond) return;
  throw new ValueError(
    `${caller}: ${hasFirst ? 'both' : 'neither'} of ${first} and ${second} ${hasFirst ? 'are' : 'is'} given; give one of them`,
  );
}
