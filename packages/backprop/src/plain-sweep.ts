/**
 * The loop of the reverse sweep where there is nothing to ask: every node is a real scalar, every edge carries a message,
 * no choice guards a branch, and nobody observes. The operations that most nodes are (codes.ts of the graph) are written
 * out, because to call their rows costs several times what they do.
 */
import {
  ADD,
  type Arena,
  COS,
  DIV,
  type ElementwiseRow,
  EXP,
  IS_ELEMENTWISE,
  LOG,
  MUL,
  type NodeValues,
  numbers,
  SIN,
  SUB,
} from '@ad/graph';

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
 * @param activations - the values of those nodes and of no others.
 * @param S - the sums: that of `top` is given, those of the other nodes are written.
 */
export function sweepPlainly(
  arena: Arena,
  top: number,
  { present: reached, scalars: values }: NodeValues,
  S: Float64Array,
): void {
  const { codes, operandStarts, operandIds } = arena;
  S.fill(-0, 0, top); // the first message is what it is: -0 + x is x, for -0 too
  for (let u = top; u >= 0; u--) {
    if (reached[u] === 0) continue;
    const sum = S[u]!;
    const first = operandStarts[u]!;
    const x = operandIds[first]!;
    const y = operandIds[first + 1]!;
    const code = codes[u]!;
    if (code === MUL) {
      S[x]! += sum * values[y]!;
      S[y]! += sum * values[x]!;
    } else if (code === ADD) {
      S[x]! += sum;
      S[y]! += sum;
    } else if (code === SUB) {
      S[x]! += sum;
      S[y]! -= sum;
    } else if (code === DIV) {
      S[x]! += sum * (1 / values[y]!);
      S[y]! += sum * -(values[u]! / values[y]!);
    } else if (code === EXP) {
      S[x]! += sum * values[u]!;
    } else if (code === LOG) {
      S[x]! += sum * (1 / values[x]!);
    } else if (code === SIN) {
      S[x]! += sum * Math.cos(values[x]!);
    } else if (code === COS) {
      S[x]! += sum * -Math.sin(values[x]!);
    } else {
      send(arena, u, sum, values, S);
    }
  }
}

/** The messages of a node by its row. */
function send(
  { rows, codes, operandStarts, operandIds }: Arena,
  u: number,
  sum: number,
  values: Float64Array,
  S: Float64Array,
): void {
  const first = operandStarts[u]!;
  const count = operandStarts[u + 1]! - first;
  if (count === 0) return;
  const { partials } = rows[codes[u]!] as ElementwiseRow;
  const x = values[operandIds[first]!]!;
  const y = count > 1 ? values[operandIds[first + 1]!]! : 0;
  const z = count > 2 ? values[operandIds[first + 2]!]! : 0;
  for (let k = 0; k < count; k++) {
    const partial = partials[k]!;
    const slope = typeof partial === 'number' ? partial : partial(numbers, values[u]!, x, y, z);
    S[operandIds[first + k]!]! += sum * slope;
  }
}
