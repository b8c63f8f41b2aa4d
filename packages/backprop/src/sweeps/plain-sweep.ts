/**
 * The loop of the reverse sweep where there is nothing to ask: every node is a real scalar, every edge carries a message,
 * no choice guards a branch, and nobody observes.
 */
import { type Arena, IS_ELEMENTWISE } from '@ad/graph';

/** Whether the loop serves for a graph. */
export function isPlain({ hasOnlyRealScalars, rows }: Arena, facts: Uint8Array): boolean {
  return (
    hasOnlyRealScalars &&
    rows.every(
      (row, code) =>
        row.family === 'leaf' ||
        (row.family === 'elementwise' && facts[code] === IS_ELEMENTWISE + 2 ** row.arity - 1),
    )
  );
}

/**
 * Sends all messages of the nodes from `top` down to the nodes it depends on. O(V + E).
 *
 * @param reached - 1 for those nodes and no others.
 * @param slopes - their local derivatives by edge.
 * @param S - the sums: that of `top` is given, those of the other nodes are written.
 */
export function sweepPlainly(
  { operandStarts, operandIds }: Arena,
  top: number,
  reached: Uint8Array,
  slopes: Float64Array,
  S: Float64Array,
): void {
  S.fill(-0, 0, top); // the first message is what it is: -0 + x is x, for -0 too
  for (let u = top; u >= 0; u--) {
    if (reached[u] === 0) continue;
    const sum = S[u]!;
    const end = operandStarts[u + 1]!;
    for (let e = operandStarts[u]!; e < end; e++) S[operandIds[e]!]! += sum * slopes[e]!;
  }
}
