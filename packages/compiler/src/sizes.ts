import type { Precision } from './code/expression.ts';

/** Bytes of a number of a program, a truth value among them; integers have 4. */
export function sizeOfReal(precision: Precision): 4 | 8 {
  return precision === 'f64' ? 8 : 4;
}

/** How many numbers are in a vector. */
export function lanesOfVector(precision: Precision): 2 | 4 {
  return precision === 'f64' ? 2 : 4;
}
