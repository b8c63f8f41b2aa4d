/**
 * Signs and powers of two. Changes of sign move out of products and quotients and into sums, where they cost nothing:
 * a + (-b) is a - b, and (-a) b is -(a b). A number times a power of two times x is one product, if both are at least 1:
 * then the inner product is exact, and overflows only where the result does. All of this holds bit by bit, whatever
 * the operands, up to the sign of NaN. A difference is never turned round: -(a - b) is not b - a where both are equal,
 * because of the signs of zeros.
 */
import { constantValue, type Expression, type Expressions } from './expression.ts';

/** `-x`. */
export function negation(e: Expressions, x: Expression): Expression {
  return negated(e, x) ?? e.real('neg', x);
}

/** `x y`. */
export function product(e: Expressions, x: Expression, y: Expression): Expression {
  const [a, b] = [negated(e, x), negated(e, y)];
  const magnitude = scaled(e, a ?? x, b ?? y) ?? e.real('mul', a ?? x, b ?? y);
  return (a === undefined) === (b === undefined) ? magnitude : negation(e, magnitude);
}

/** `x / y`. */
export function quotient(e: Expressions, x: Expression, y: Expression): Expression {
  const [a, b] = [negated(e, x), negated(e, y)];
  const magnitude = e.real('div', a ?? x, b ?? y);
  return (a === undefined) === (b === undefined) ? magnitude : negation(e, magnitude);
}

/** `x + y`. */
export function sum(e: Expressions, x: Expression, y: Expression): Expression {
  const [a, b] = [negated(e, x), negated(e, y)];
  if (b !== undefined) return difference(e, x, b);
  return a === undefined ? e.real('add', x, y) : e.real('sub', y, a);
}

/** `x - y`. */
export function difference(e: Expressions, x: Expression, y: Expression): Expression {
  const [a, b] = [negated(e, x), negated(e, y)];
  if (b !== undefined) return sum(e, x, b);
  return e.real('sub', (a && withOppositeNumber(e, a)) ?? x, y);
}

/** The operand, if the expression is one with its sign changed. */
function negated(e: Expressions, { name, operands }: Expression): Expression | undefined {
  return name === `${e.lanes}.neg` ? operands[0] : undefined;
}

/** A number and what it is multiplied by. */
function numberTimes(
  e: Expressions,
  { name, operands }: Expression,
): { readonly number: number; readonly x: Expression } | undefined {
  if (name !== `${e.lanes}.mul`) return undefined;
  const [left, right] = operands as [Expression, Expression];
  const [a, b] = [constantValue(e, left), constantValue(e, right)];
  if (a !== undefined) return { number: a, x: right };
  return b === undefined ? undefined : { number: b, x: left };
}

/** A product with a number with the sign of that number changed. */
function withOppositeNumber(e: Expressions, x: Expression): Expression | undefined {
  const product = numberTimes(e, x);
  return product && e.real('mul', e.constant(-product.number), product.x);
}

/** A number times a product with a power of two as one product. */
function scaled(e: Expressions, x: Expression, y: Expression): Expression | undefined {
  const [a, b] = [constantValue(e, x), constantValue(e, y)];
  const number = a ?? b;
  const inner = numberTimes(e, a === undefined ? x : y);
  if (number === undefined || inner === undefined || !(Math.abs(number) >= 1)) return undefined;
  const both = number * inner.number;
  if (!(inner.number >= 1 && Number.isInteger(Math.log2(inner.number)))) return undefined;
  return Math.abs(both) < MAX_NUMBER ? e.real('mul', e.constant(both), inner.x) : undefined;
}

/** Far from where products of numbers overflow, in single precision as well. */
const MAX_NUMBER = 2 ** 100;
