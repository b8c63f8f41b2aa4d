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
import type { FunctionName, FunctionRow } from '../rows/row.ts';

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
  /** The largest integer that is not larger. */
  floor(x: T): T;
  /** The nearest integer; of two equally near ones the even one. */
  round(x: T): T;
  /** $x^y$ */
  pow(x: T, y: T): T;
  /** $e^x$ */
  exp(x: T): T;
  /** $\ln x$ */
  log(x: T): T;
  /** $\sin x$ */
  sin(x: T): T;
  /** $\cos x$ */
  cos(x: T): T;
  /** $\tanh x$ */
  tanh(x: T): T;
  /** $1 / (1 + e^{-x})$ */
  sigmoid(x: T): T;
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
  /** Any other function, by its row: so whoever uses it brings it, and no algebra has to have them all. */
  call(f: FunctionRow, x: T, y?: T): T;
}

/** The names of what an algebra may have: its operations, and the functions that are called by their rows. */
export type AlgebraName = Exclude<keyof Algebra<unknown>, 'call'> | FunctionName;

/** Operations of an algebra, and functions by their names. */
export type AlgebraOperations<T> = Omit<Algebra<T>, 'call'> & {
  readonly [Name in FunctionName]: (...operands: readonly T[]) => T;
};

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
export function partialAlgebra<T>(
  name: string,
  operations: Partial<AlgebraOperations<T>>,
): Algebra<T> {
  const algebra = new Proxy(operations, {
    get(target, property) {
      if (property === 'call') return call;
      const operation: unknown = Reflect.get(target, property);
      if (operation !== undefined) return operation;
      return () => {
        throw new AdError(`the ${name} algebra has no ${String(property)}`);
      };
    },
  }) as unknown as Algebra<T> & AlgebraOperations<T>;
  const call: Algebra<T>['call'] = (f, x, y) => algebra[f.name](x, y as T);
  return algebra;
}
