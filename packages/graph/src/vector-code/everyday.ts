/** The vector code of the functions that algebras have themselves; others have theirs in their rows. */
export { exp, sigmoid, tanh } from './exponential.ts';
export { log } from './logarithm.ts';
export { pow } from './power.ts';
export { cos, sin } from './trigonometric.ts';
