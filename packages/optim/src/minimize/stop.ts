/** Why a minimization ended: data for programs, and the same in words for people. */

/** The gradient is small enough: the goal. */
export interface StopAtGradient {
  /** Names the reason. */
  readonly kind: 'gradient';
  /** The norm of the (projected) gradient. */
  readonly norm: number;
  /** What it was compared with. */
  readonly tolerance: number;
}

/** For least squares: the residuals are orthogonal to all columns of the Jacobian, to the tolerance. */
export interface StopAtOrthogonality {
  /** Names the reason. */
  readonly kind: 'orthogonal';
  /** The largest cosine between the residuals and a column. */
  readonly cosine: number;
  /** What it was compared with. */
  readonly tolerance: number;
}

/** The value hardly changes any more, relative to itself. */
export interface StopAtValue {
  /** Names the reason. */
  readonly kind: 'value';
  /** By what part of itself the value has changed. */
  readonly change: number;
  /** What it was compared with. */
  readonly tolerance: number;
}

/** The point hardly moves any more, relative to itself; or the region of trust is so small that it will not. */
export interface StopAtStep {
  /** Names the reason. */
  readonly kind: 'step';
  /** By what part of itself an element has changed, or could still change. */
  readonly length: number;
  /** What it was compared with. */
  readonly tolerance: number;
}

/**
 * For least squares: steps promise a smaller change of the value than rounding shows, and do not become shorter. There are
 * no more digits to be had.
 */
export interface StopAtRounding {
  /** Names the reason. */
  readonly kind: 'rounding';
  /** The part of the value that the last step would have changed. */
  readonly change: number;
}

/** As many iterations, or evaluations, as were allowed. A step that would have needed one more was not taken. */
export interface StopAtLimit {
  /** Names the reason. */
  readonly kind: 'iterations' | 'evaluations';
  /** How many were allowed. */
  readonly limit: number;
}

/** The signal was aborted. */
export interface StopOnSignal {
  /** Names the reason. */
  readonly kind: 'aborted';
}

/**
 * Value or derivatives are not finite: at the start, or after the step, and no shorter one is to be had; then the step was
 * not taken.
 */
export interface StopNotFinite {
  /** Names the reason. */
  readonly kind: 'non-finite start' | 'non-finite';
  /** The value where they are not finite. */
  readonly value: number;
  /** The first node that is not finite, in words. */
  readonly where: string;
}

/** No step along the direction lowers the value: often the limit of rounding. */
export interface StopNoDecrease {
  /** Names the reason. */
  readonly kind: 'no decrease';
  /** The last step that was tried. */
  readonly step: number;
}

/** The value falls along the direction however long the step is: there is no minimum that way. */
export interface StopUnbounded {
  /** Names the reason. */
  readonly kind: 'unbounded';
  /** The longest step that was tried. */
  readonly step: number;
}

/** The direction of the method does not lead downhill. */
export interface StopNotDescent {
  /** Names the reason. */
  readonly kind: 'not descent';
  /** The slope along the direction, which is not negative. */
  readonly slope: number;
}

/** The system of equations for the step has no unique solution. */
export interface StopSingular {
  /** Names the reason. */
  readonly kind: 'singular';
  /** Which matrix is singular. */
  readonly matrix: 'Hessian' | 'Jacobian';
}

/** Why `minimize` or `leastSquares` ended: `kind` names the reason, the rest are its numbers. */
export type Stop =
  | StopAtGradient
  | StopAtOrthogonality
  | StopAtValue
  | StopAtStep
  | StopAtRounding
  | StopAtLimit
  | StopOnSignal
  | StopNotFinite
  | StopNoDecrease
  | StopUnbounded
  | StopNotDescent
  | StopSingular;

/** The reasons for which a method cannot take a step. */
export type Failure =
  | StopAtStep
  | StopAtRounding
  | StopNotFinite
  | StopNoDecrease
  | StopUnbounded
  | StopNotDescent
  | StopSingular;

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
    case 'unbounded':
      return `the value falls along the direction however long the step is, up to ${short(stop.step)}: there is no minimum`;
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
