/** The logarithm of a sum of exponentials. */
import type { ArrayCompiler } from './compiler.ts';
import { alongAxes } from './reductions.ts';

/** The largest element, the sum of exponentials below it, and the logarithm: three loops. */
export function lowerLogSumExp(c: ArrayCompiler): boolean {
  const source = c.operand(0);
  const { reduce, finish } = alongAxes(c);
  const largest = reduce('max', 'max', ({ read }) => read(source));
  const total = reduce('sub, exp, sum', 'add', ({ algebra: A, read }) =>
    A.exp(A.sub(read(source), read(largest))),
  );
  return finish('log, add', ({ algebra: A, read }) => {
    const m = read(largest);
    const infinite = A.equal(A.abs(m), A.constant(Infinity));
    return A.select(infinite, m, A.add(m, A.log(read(total))));
  });
}
