/**
 * The scalar algebra over which elementwise rows are written.
 *
 * A row such as `tanh` states its value and its derivative once, as expressions over an algebra `A`. What the
 * expression means is the algebra's business: over {@link numbers} it computes, over {@link nodeAlgebra} it builds
 * graph nodes (so derivatives are graphs and can be differentiated again), over exact rationals it proves
 * polynomial gradients without rounding, over {@link readsOf} it finds which activations a derivative looks at.
 * The device is that of CasADi's `calculus.hpp` and of ChainRules' scalar rules.
 */
import { AdError } from '../errors.ts';

/**
 * The operations a scalar algebra provides, over values of type `T`. Truth values are of type `T` too: comparisons
 * return them, `select`, `and`, `or` and `not` take them (over numbers they are 0 and 1).
 */
export interface Algebra<T> {
  /** The element that stands for a number. */
  constant(value: number): T;
  /** $x + y$ */
  add(x: T, y: T): T;
  /** $x - y$ */
  sub(x: T, y: T): T;
  /** $x y$ */
  mul(x: T, y: T): T;
  /** $x / y$ */
  div(x: T, y: T): T;
  /** $x y$, but 0 when either factor is 0, even if the other is infinite or NaN. */
  strongMul(x: T, y: T): T;
  /** $-x$ */
  neg(x: T): T;
  /** $|x|$ */
  abs(x: T): T;
  /** -1, 0 or 1. */
  sign(x: T): T;
  /** The smaller one; NaN if either is NaN. */
  minimum(x: T, y: T): T;
  /** The larger one; NaN if either is NaN. */
  maximum(x: T, y: T): T;
  /** $\sqrt{x}$ */
  sqrt(x: T): T;
  /** $\sqrt[3]{x}$, of negative numbers too. */
  cbrt(x: T): T;
  /** The largest integer that is not larger. */
  floor(x: T): T;
  /** The nearest integer; of two equally near ones the even one. */
  round(x: T): T;
  /** The exact remainder of $x / y$ with the sign of `x`, $x - y \operatorname{trunc}(x / y)$. */
  fmod(x: T, y: T): T;
  /** $x^y$ */
  pow(x: T, y: T): T;
  /** $e^x$ */
  exp(x: T): T;
  /** $e^x - 1$ without cancellation. */
  expm1(x: T): T;
  /** $\ln x$ */
  log(x: T): T;
  /** $\ln(1 + x)$ without cancellation. */
  log1p(x: T): T;
  /** $\log_2 x$ */
  log2(x: T): T;
  /** $\log_{10} x$ */
  log10(x: T): T;
  /** $\sin x$ */
  sin(x: T): T;
  /** $\cos x$ */
  cos(x: T): T;
  /** $\tan x$ */
  tan(x: T): T;
  /** $\arcsin x$ */
  asin(x: T): T;
  /** $\arccos x$ */
  acos(x: T): T;
  /** $\arctan x$ */
  atan(x: T): T;
  /** The angle of the point (y, x) given as `atan2(x: ordinate, y: abscissa)`. */
  atan2(x: T, y: T): T;
  /** $\sinh x$ */
  sinh(x: T): T;
  /** $\cosh x$ */
  cosh(x: T): T;
  /** $\tanh x$ */
  tanh(x: T): T;
  /** $\operatorname{arsinh} x$ */
  asinh(x: T): T;
  /** $\operatorname{arcosh} x$ */
  acosh(x: T): T;
  /** $\operatorname{artanh} x$ */
  atanh(x: T): T;
  /** $\sqrt{x^2 + y^2}$ without overflow. */
  hypot(x: T, y: T): T;
  /** $1 / (1 + e^{-x})$ */
  sigmoid(x: T): T;
  /** $\ln(1 + e^x)$ */
  softplus(x: T): T;
  /** $\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$ */
  erf(x: T): T;
  /** $1 - \operatorname{erf} x$ without cancellation. */
  erfc(x: T): T;
  /** $\ln |\Gamma(x)|$ */
  lgamma(x: T): T;
  /** $\psi(x) = \Gamma'(x) / \Gamma(x)$ */
  digamma(x: T): T;
  /** The derivative of order $x$ of $\psi$ at $y$, given as `polygamma(x: order, y: argument)`. */
  polygamma(x: T, y: T): T;
  /** $x = y$ */
  equal(x: T, y: T): T;
  /** $x < y$ */
  less(x: T, y: T): T;
  /** $x \le y$ */
  lessEqual(x: T, y: T): T;
  /** Both are true. */
  and(x: T, y: T): T;
  /** At least one is true. */
  or(x: T, y: T): T;
  /** The opposite truth value. */
  not(x: T): T;
  /** `x` where the condition is true, else `y`. */
  select(condition: T, x: T, y: T): T;
}

/** The names of the operations of an {@link Algebra}. */
export type AlgebraName = keyof Algebra<unknown>;

/**
 * An algebra from the operations it has; calling any other throws and names it. For algebras that only make sense
 * for part of the vocabulary, such as exact rationals.
 *
 * @param name - what to call the algebra in the message.
 * @throws {@link AdError} from the missing operations, when called.
 * @example
 * ```ts
 * import { Graph, evaluateOver, partialAlgebra } from '@ad/graph';
 *
 * const bigints = partialAlgebra<bigint>('bigint', {
 *   constant: (value) => BigInt(value),
 *   add: (x, y) => x + y,
 *   mul: (x, y) => x * y,
 * });
 * const x = new Graph().input('x');
 * evaluateOver(bigints, x.mul(x).add(1), { x: 10n ** 20n }); // => 10n ** 40n + 1n
 * ```
 */
export function partialAlgebra<T>(name: string, operations: Partial<Algebra<T>>): Algebra<T> {
  return new Proxy(operations, {
    get(target, property) {
      const operation: unknown = Reflect.get(target, property);
      if (operation !== undefined) return operation;
      return () => {
        throw new AdError(`the ${name} algebra has no ${String(property)}`);
      };
    },
  }) as Algebra<T>;
}
