import type { Precision } from './code/expression.ts';

export { sizeOfReal } from '@ad/graph';

/** How many numbers are in a vector. */
export function lanesOfVector(precision: Precision): 2 | 4 {
  return precision === 'f64' ? 2 : 4;
}
