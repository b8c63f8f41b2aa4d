/**
 * The algebra of double-precision numbers: what the interpreter computes with. Functions of the platform's `Math`
 * where they are accurate, and formulas that keep their accuracy where the textbook ones do not.
 */
import type { Algebra } from './algebra.ts';

/** Truth values are 1 and 0. */
const truth = (condition: boolean): number => (condition ? 1 : 0);

/**
 * Double-precision arithmetic; truth values are 1 and 0.
 *
 * @example
 * ```ts
 * import { numbers } from '@ad/graph';
 *
 * numbers.sigmoid(-800); // => 0
 * numbers.exp(0); // => 1
 * numbers.strongMul(0, Infinity); // => 0
 * ```
 */
export const numbers: Algebra<number> = {
  constant: (value) => value,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  strongMul: (x, y) => (x === 0 || y === 0 ? 0 : x * y),
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  minimum: (x, y) => Math.min(x, y),
  maximum: (x, y) => Math.max(x, y),
  sqrt: Math.sqrt,
  floor: Math.floor,
  // Math.round takes halves up.
  round: (x) => {
    const nearest = Math.round(x);
    return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
  },
  // IEEE 754 and C say pow(1, y) = 1 for every y; ECMAScript says NaN for infinite and NaN exponents.
  pow: (x, y) => (x === 1 ? 1 : x ** y),
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  // Each branch takes the exponential of a negative number, so nothing overflows.
  sigmoid: (x) => {
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const e = Math.exp(x);
    return e / (1 + e);
  },
  equal: (x, y) => truth(x === y),
  less: (x, y) => truth(x < y),
  lessEqual: (x, y) => truth(x <= y),
  and: (x, y) => truth(x !== 0 && y !== 0),
  or: (x, y) => truth(x !== 0 || y !== 0),
  not: (x) => truth(x === 0),
  select: (condition, x, y) => (condition === 0 ? y : x),
  call: (f, x, y) => f.number(x, y as number),
};
