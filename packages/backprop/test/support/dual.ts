/**
 * Dual numbers a + b e with e^2 = 0: forward mode, with its own list of derivatives, so that nothing of the rows'
 * partials is used. Dual numbers over dual numbers give higher derivatives.
 */
import { type Algebra, type AlgebraName, partialAlgebra } from '@ad/graph';
import { byName } from '../../../graph/test/support/functions.ts';

/** Value and derivative. */
export type Dual<T> = readonly [value: T, derivative: T];

/** Dual numbers over any field: what polynomials and quotients need. */
export function duals<T>(A: Algebra<T>): Algebra<Dual<T>> {
  return partialAlgebra<Dual<T>>('dual', {
    constant: (value) => [A.constant(value), A.constant(0)],
    add: ([x, dx], [y, dy]) => [A.add(x, y), A.add(dx, dy)],
    sub: ([x, dx], [y, dy]) => [A.sub(x, y), A.sub(dx, dy)],
    mul: ([x, dx], [y, dy]) => [A.mul(x, y), A.add(A.mul(dx, y), A.mul(x, dy))],
    div: ([x, dx], [y, dy]) => [A.div(x, y), A.div(A.sub(A.mul(dx, y), A.mul(x, dy)), A.mul(y, y))],
    neg: ([x, dx]) => [A.neg(x), A.neg(dx)],
  });
}

/** Derivatives of the functions of one variable, from textbooks. */
const derivatives = {
  abs: (x) => (x < 0 ? -1 : 1),
  sign: () => 0,
  floor: () => 0,
  round: () => 0,
  cbrt: (x) => 1 / (3 * Math.cbrt(x) ** 2),
  sqrt: (x) => 1 / (2 * Math.sqrt(x)),
  exp: (x) => Math.exp(x),
  expm1: (x) => Math.exp(x),
  log: (x) => 1 / x,
  log1p: (x) => 1 / (1 + x),
  log2: (x) => 1 / (x * Math.LN2),
  log10: (x) => 1 / (x * Math.LN10),
  sin: (x) => Math.cos(x),
  cos: (x) => -Math.sin(x),
  tan: (x) => 1 / Math.cos(x) ** 2,
  asin: (x) => 1 / Math.sqrt(1 - x * x),
  acos: (x) => -1 / Math.sqrt(1 - x * x),
  atan: (x) => 1 / (1 + x * x),
  sinh: (x) => Math.cosh(x),
  cosh: (x) => Math.sinh(x),
  tanh: (x) => 1 / Math.cosh(x) ** 2,
  asinh: (x) => 1 / Math.sqrt(1 + x * x),
  acosh: (x) => 1 / Math.sqrt(x * x - 1),
  atanh: (x) => 1 / (1 - x * x),
  sigmoid: (x) => 1 / (2 + 2 * Math.cosh(x)),
  softplus: (x) => 1 / (1 + Math.exp(-x)),
  erf: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
  erfc: (x) => (-2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
  lgamma: (x) => byName.digamma(x),
  digamma: (x) => byName.polygamma(1, x),
} satisfies Partial<Record<AlgebraName, (x: number) => number>>;

type Unary = keyof typeof derivatives;

const unary = Object.fromEntries(
  (Object.keys(derivatives) as Unary[]).map((name) => [
    name,
    ([x, dx]: Dual<number>): Dual<number> => [byName[name](x), derivatives[name](x) * dx],
  ]),
) as Record<Unary, (x: Dual<number>) => Dual<number>>;

const truth =
  (compare: (x: number, y: number) => boolean) =>
  ([x]: Dual<number>, [y]: Dual<number>): Dual<number> => [compare(x, y) ? 1 : 0, 0];

/** Dual numbers over double precision, with all functions. */
export const dualNumbers: Algebra<Dual<number>> = partialAlgebra<Dual<number>>('dual', {
  ...unary,
  constant: (value) => [value, 0],
  add: ([x, dx], [y, dy]) => [x + y, dx + dy],
  sub: ([x, dx], [y, dy]) => [x - y, dx - dy],
  mul: ([x, dx], [y, dy]) => [x * y, dx * y + x * dy],
  div: ([x, dx], [y, dy]) => [x / y, (dx * y - x * dy) / (y * y)],
  strongMul: ([x, dx], [y, dy]) => [x * y, dx * y + x * dy],
  neg: ([x, dx]) => [-x, -dx],
  fmod: ([x, dx], [y, dy]) => [x % y, dx - Math.trunc(x / y) * dy],
  minimum: (x, y) => (x[0] < y[0] ? x : y),
  maximum: (x, y) => (x[0] > y[0] ? x : y),
  pow: ([x, dx], [y, dy]) => [x ** y, x ** y * ((y * dx) / x + Math.log(x) * dy)],
  atan2: ([x, dx], [y, dy]) => [Math.atan2(x, y), (y * dx - x * dy) / (x * x + y * y)],
  polygamma: ([n], [y, dy]) => [byName.polygamma(n, y), byName.polygamma(n + 1, y) * dy],
  hypot: ([x, dx], [y, dy]) => [Math.hypot(x, y), (x * dx + y * dy) / Math.hypot(x, y)],
  equal: truth((x, y) => x === y),
  less: truth((x, y) => x < y),
  lessEqual: truth((x, y) => x <= y),
  and: ([x], [y]) => [x * y, 0],
  or: ([x], [y]) => [Math.max(x, y), 0],
  not: ([x]) => [1 - x, 0],
  select: ([condition], x, y) => (condition === 0 ? y : x),
});
