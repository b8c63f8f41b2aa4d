/**
 * The four operations of arithmetic on scalars, written out: to call a row costs several times what they do, and most
 * nodes of a scalar graph are one of them.
 */
import { add, div, mul, sub } from '../rows/arithmetic.ts';
import type { Operation } from '../rows/row.ts';

/** The number of sums; differences, products, quotients and all other operations come after them, in this order. */
export const ADD = 0;
/** The number of differences. */
export const SUB = 1;
/** The number of products. */
export const MUL = 2;
/** The number of quotients. */
const DIV = 3;
/** The number of any other operation. */
export const OTHER = 4;

const NUMBERED: ReadonlyMap<Operation, number> = new Map([
  [add, ADD],
  [sub, SUB],
  [mul, MUL],
  [div, DIV],
]);

/** The number of an operation: one of those above. */
export function arithmeticNumber(row: Operation): number {
  return NUMBERED.get(row) ?? OTHER;
}
