/** The rule for batches that is always right: one application for each example. */
import { reshape } from './layout.ts';
import { concat, pad, slice } from './parts.ts';
import type { Attributes, Builder, Operation } from './row.ts';

/**
 * A batch of any operation: applied to each example, and the results joined. For operations that are applied to few
 * examples, or whose own loops are long; what is built grows with the number of examples.
 *
 * @param operands - those of one example, with one more axis in front where `batched`: that of the examples.
 * @example
 * ```ts
 * import { batchByLoop, operations, type LinearRow } from '@ad/graph';
 *
 * const { sum } = operations;
 * const total: LinearRow = {
 *   name: 'total',
 *   family: 'linear',
 *   arity: 1,
 *   formula: String.raw`\sum_i x_i`,
 *   attributes: {},
 *   infer: () => ({ shape: [], kind: 'real' }),
 *   prepare: () => (result, [x]) => {
 *     result[0] = (x as Float64Array).reduce((a, b) => a + b, 0);
 *   },
 *   transpose: (B, S, [x]) => B.apply(operations.broadcast, [S], { shape: B.typeOf(x!).shape }),
 *   batch: (B, operands, batched) => batchByLoop(B, total, operands, batched, {}),
 * };
 * ```
 */
export function batchByLoop<V, A extends Attributes>(
  B: Builder<V>,
  row: Operation<A>,
  operands: readonly V[],
  batched: readonly boolean[],
  attributes: A,
): V {
  const count = B.typeOf(operands[batched.indexOf(true)]!).shape[0]!;
  if (count === 0) {
    // The shape of no results is known from that of one.
    const one = operands.map((x, k) => (batched[k]! ? withZeros(B, x) : x));
    return examplesOf(B, batchByLoop(B, row, one, batched, attributes), 0, 0);
  }
  const results = Array.from({ length: count }, (_, n) => {
    const example = operands.map((x, k) => {
      if (!batched[k]!) return x;
      return B.apply(reshape, [examplesOf(B, x, n, 1)], { shape: B.typeOf(x).shape.slice(1) });
    });
    const result = B.apply(row, example, attributes);
    return B.apply(reshape, [result], { shape: [1, ...B.typeOf(result).shape] });
  });
  return B.apply(concat, results, { axis: 0 });
}

/** Some examples of a batch. */
function examplesOf<V>(B: Builder<V>, x: V, start: number, count: number): V {
  const [, ...example] = B.typeOf(x).shape;
  return B.apply(slice, [x], {
    starts: [start, ...example.map(() => 0)],
    lengths: [count, ...example],
    steps: [1, ...example.map(() => 1)],
  });
}

/** A batch of no examples as one of a single example of zeros. */
function withZeros<V>(B: Builder<V>, x: V): V {
  const none = B.typeOf(x).shape.map(() => 0);
  return B.apply(pad, [x], { before: [1, ...none.slice(1)], after: none, between: none });
}
