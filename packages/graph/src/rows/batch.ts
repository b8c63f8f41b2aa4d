/** What the rules for batches have in common: an axis of examples in front of operands that differ between them. */
import { broadcast, reshape, transpose } from './layout.ts';
import type { Attributes, Builder, Operation } from './row.ts';

/**
 * Axes moved as one: the `count` axes from axis `from` on start at axis `to` of the result.
 *
 * @internal
 */
export function moveAxes<V>(B: Builder<V>, x: V, from: number, count: number, to: number): V {
  if (from === to || count === 0) return x;
  const permutation = B.typeOf(x).shape.map((_, axis) => axis);
  permutation.splice(to, 0, ...permutation.splice(from, count));
  return B.apply(transpose, [x], { permutation });
}

/**
 * Operands of an operation that broadcasts, ready to be broadcast with an axis of examples in front: examples of
 * batched operands get the rank of the largest operand, by axes of length 1 before theirs.
 *
 * @internal
 */
export function alignBatch<V>(
  B: Builder<V>,
  operands: readonly V[],
  batched: readonly boolean[],
): V[] {
  const rankOf = (k: number): number => B.typeOf(operands[k]!).shape.length - (batched[k]! ? 1 : 0);
  const rank = Math.max(...operands.map((_, k) => rankOf(k)));
  return operands.map((x, k) => {
    if (!batched[k]! || rankOf(k) === rank) return x;
    const [count, ...example] = B.typeOf(x).shape as [number, ...number[]];
    const ones = new Array<number>(rank - example.length).fill(1);
    return B.apply(reshape, [x], { shape: [count, ...ones, ...example] });
  });
}

/**
 * Operands with an axis of examples in front of all of them: those that are shared are repeated.
 *
 * @internal
 */
export function spreadBatch<V>(
  B: Builder<V>,
  operands: readonly V[],
  batched: readonly boolean[],
): V[] {
  const count = B.typeOf(operands[batched.indexOf(true)]!).shape[0]!;
  return operands.map((x, k) =>
    batched[k]! ? x : B.apply(broadcast, [x], { shape: [count, ...B.typeOf(x).shape] }),
  );
}

/**
 * The batch of an operation with one operand along one axis: that axis is one further back.
 *
 * @internal
 */
export function batchAlongAxis<V, A extends Attributes & { readonly axis: number }>(
  B: Builder<V>,
  row: Operation<A>,
  operands: readonly V[],
  attributes: A,
): V {
  return B.apply(row, operands, { ...attributes, axis: attributes.axis + 1 });
}

/**
 * The batch of an operation on stacks, whose axes in front broadcast: examples are one more of them.
 *
 * @internal
 */
export function batchStacks<V, A extends Attributes>(
  B: Builder<V>,
  row: Operation<A>,
  operands: readonly V[],
  batched: readonly boolean[],
  attributes: A,
): V {
  return B.apply(row, alignBatch(B, operands, batched), attributes);
}
