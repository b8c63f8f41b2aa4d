/**
 * The rows of the table one by one, and the rules they share: for code that names some of them, and is not to bring the
 * others into every program. Documented where they are functions; see `operations` for the table.
 *
 * @packageDocumentation
 */
export * from './rows/activation.ts';
export * from './rows/arithmetic.ts';
export * from './rows/comparison.ts';
export * from './rows/contraction.ts';
export * from './rows/control.ts';
export * from './rows/convolution.ts';
export * from './rows/cumulative.ts';
export * from './rows/determinants.ts';
export * from './rows/exponential.ts';
export * from './rows/gamma.ts';
export * from './rows/indexing.ts';
export * from './rows/layout.ts';
export * from './rows/linear-systems.ts';
export * from './rows/parts.ts';
export * from './rows/random.ts';
export * from './rows/reduction.ts';
export * from './rows/rounding.ts';
export * from './rows/stop-gradient.ts';
export { strongMatmul, strongMul } from './rows/strong.ts';
export * from './rows/trigonometric.ts';
export * as vectorCode from './vector-code/everyday.ts';
