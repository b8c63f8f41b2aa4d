/** Why a minimization ended: data for programs, and the same in words for people. */

/** Why {@link minimize} or {@link leastSquares} ended. */
export type Stop =
  /** The gradient is small enough: the goal. */
  | { readonly kind: 'gradient'; readonly norm: number; readonly tolerance: number }
  /** For least squares: the residuals are orthogonal to all columns of the Jacobian, to the tolerance. */
  | { readonly kind: 'orthogonal'; readonly cosine: number; readonly tolerance: number }
  /** The value hardly changes any more, relative to itself. */
  | { readonly kind: 'value'; readonly change: number; readonly tolerance: number }
  /** The point hardly moves any more, relative to itself. */
  | { readonly kind: 'step'; readonly length: number; readonly tolerance: number }
  /** For least squares: steps promise less than rounding shows and do not become shorter; there are no more digits to be had. */
  | { readonly kind: 'rounding'; readonly change: number }
  /** As many iterations as were allowed. */
  | { readonly kind: 'iterations'; readonly limit: number }
  /** As many evaluations as were allowed; the step that would have needed one more was not taken. */
  | { readonly kind: 'evaluations'; readonly limit: number }
  /** The signal was aborted. */
  | { readonly kind: 'aborted' }
  /** Value or derivatives are not finite at the start. */
  | { readonly kind: 'non-finite start'; readonly value: number; readonly where: string }
  /** The step led to a point where they are not finite, and no shorter one is to be had; it was not taken. */
  | { readonly kind: 'non-finite'; readonly value: number; readonly where: string }
  /** No step along the direction lowers the value: often the limit of rounding. */
  | { readonly kind: 'no decrease'; readonly step: number }
  /** The direction of the method does not lead downhill. */
  | { readonly kind: 'not descent'; readonly slope: number }
  /** The system of equations for the step has no unique solution. */
  | { readonly kind: 'singular'; readonly matrix: 'Hessian' | 'Jacobian' };

/** The reasons for which a method cannot take a step. */
export type Failure = Extract<
  Stop,
  { readonly kind: 'step' | 'rounding' | 'non-finite' | 'no decrease' | 'not descent' | 'singular' }
>;

/** Whether a reason means that a stationary point was found, to the tolerance that was asked for. */
export function isConverged({ kind }: Stop): boolean {
  return CONVERGED.has(kind);
}

const CONVERGED: ReadonlySet<Stop['kind']> = new Set([
  'gradient',
  'orthogonal',
  'value',
  'step',
  'rounding',
]);

/** The reason in words. */
export function describeStop(stop: Stop): string {
  switch (stop.kind) {
    case 'gradient':
      return stop.norm === 0
        ? 'the gradient is exactly 0: a stationary point'
        : `the gradient has the norm ${short(stop.norm)}, within the tolerance of ${short(stop.tolerance)}`;
    case 'orthogonal':
      return stop.cosine === 0
        ? 'the residuals are exactly orthogonal to the Jacobian: a stationary point'
        : `the residuals are orthogonal to the Jacobian: no cosine is above ${short(stop.cosine)}, the tolerance is ${short(stop.tolerance)}`;
    case 'value':
      return `the value changed by ${short(stop.change)} of itself, within the tolerance of ${short(stop.tolerance)}`;
    case 'step':
      return `the point moved by ${short(stop.length)} of itself, within the tolerance of ${short(stop.tolerance)}`;
    case 'rounding':
      return `a step would change the value by ${short(stop.change)} of itself: the limit of rounding is reached`;
    case 'iterations':
      return `${stop.limit} iterations were made, as many as allowed; allow more, or choose another method`;
    case 'evaluations':
      return `the function was evaluated ${stop.limit} times, as often as allowed`;
    case 'aborted':
      return 'the signal was aborted';
    case 'non-finite start':
      return `at the start ${stop.where}; start elsewhere`;
    case 'non-finite':
      return `after the step ${stop.where}; the step was not taken. Try a smaller step size`;
    case 'no decrease':
      return (
        `no step along the direction lowers the value, down to a step of ${short(stop.step)}: ` +
        'the limit of rounding, or a gradient that is not that of the value'
      );
    case 'not descent':
      return `the direction does not lead downhill: the slope along it is ${short(stop.slope)}`;
    case 'singular':
      return `the ${stop.matrix} is singular: the step is not determined`;
  }
}

/** A number with three digits. */
function short(x: number): string {
  return String(Number(x.toPrecision(3)));
}
