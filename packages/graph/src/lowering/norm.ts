/** The Euclidean norm. */
import type { VectorFunction } from '../vector-code/expressions.ts';
import type { ArrayCompiler } from './compiler.ts';
import { alongAxes } from './reductions.ts';

/** The bits of the exponent, and the smallest normal number. */
const EXPONENT = {
  f64: { mask: 0x7ff0_0000_0000_0000n, smallest: 2 ** -1022 },
  f32: { mask: 0x7f80_0000n, smallest: 2 ** -126 },
};

/** The largest power of two up to a number, if it is a normal one. */
const powerBelow: VectorFunction = (e, x) => {
  const { mask, smallest } = EXPONENT[e.precision];
  const power = e.instruction('v128.and', x, e.integer(mask));
  return e.real('max', power, e.constant(smallest));
};

/**
 * Loops for the largest element, a power of two near it, the sum of squares of the elements divided by that, so that
 * none over- or underflows, and the root.
 */
export function lowerNorm(c: ArrayCompiler): boolean {
  const source = c.operand(0);
  const { reduce, map, finish } = alongAxes(c);
  const largest = reduce('abs, max', 'max', (loop) => loop.algebra.abs(loop.read(source)));
  const scale = map('scale', (loop) => loop.call(powerBelow, loop.read(largest)));
  const inverse = map('scale', ({ algebra: A, read }) => A.div(A.constant(1), read(scale)));
  const total = reduce('mul, square, sum', 'add', ({ algebra: A, read }) => {
    const scaled = A.mul(read(source), read(inverse));
    return A.mul(scaled, scaled);
  });
  return finish('sqrt, mul', ({ algebra: A, read }) => {
    const most = read(largest);
    const length = A.mul(read(scale), A.sqrt(read(total)));
    const unbounded = A.select(A.less(most, A.constant(Infinity)), length, most);
    return A.select(A.less(A.constant(0), most), unbounded, most);
  });
}
