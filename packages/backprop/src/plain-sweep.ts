/**
 * The loop of the reverse sweep where there is nothing to ask: every node is a real scalar, every edge carries a message,
 * no choice guards a branch, and nobody observes. Sums, differences and products, which most nodes are, are written out,
 * because to call their rows costs several times what they do.
 */
import {
  ADD,
  type Arena,
  arithmeticNumber,
  type ElementwiseRow,
  IS_ELEMENTWISE,
  MUL,
  numbers,
  SCALAR_REAL,
} from '@ad/graph';

/** Whether the loop serves for all nodes up to `top`. */
export function isPlain({ typeIds, rows }: Arena, top: number, facts: Uint8Array): boolean {
  const isSmooth = rows.every(
    (row, code) =>
      row.family === 'leaf' ||
      (row.family === 'elementwise' && facts[code] === IS_ELEMENTWISE + 2 ** row.arity - 1),
  );
  if (!isSmooth) return false;
  for (let u = 0; u <= top; u++) if (typeIds[u] !== SCALAR_REAL) return false;
  return true;
}

/**
 * Sends all messages of the nodes from `top` down. O(V + E).
 *
 * @param values - the activations.
 * @param S - the sums: that of `top` is given, the others are written.
 * @param reached - 1 for the nodes that have a sum.
 */
export function sweepPlainly(
  arena: Arena,
  top: number,
  values: Float64Array,
  S: Float64Array,
  reached: Uint8Array,
): void {
  const { rows, codes, operandStarts, operandIds } = arena;
  const operations = Uint8Array.from(rows, arithmeticNumber);
  S.fill(-0, 0, top); // the first message is what it is: -0 + x is x, for -0 too
  for (let u = top; u >= 0; u--) {
    if (reached[u] === 0) continue;
    const sum = S[u]!;
    const first = operandStarts[u]!;
    const operation = operations[codes[u]!]!;
    if (operation > MUL) {
      send(arena, u, sum, values, S, reached);
      continue;
    }
    const x = operandIds[first]!;
    const y = operandIds[first + 1]!;
    if (operation === MUL) {
      S[x]! += sum * values[y]!;
      S[y]! += sum * values[x]!;
    } else if (operation === ADD) {
      S[x]! += sum;
      S[y]! += sum;
    } else {
      S[x]! += sum;
      S[y]! -= sum;
    }
    reached[x] = 1;
    reached[y] = 1;
  }
}

/** The messages of a node by its row. */
function send(
  { rows, codes, operandStarts, operandIds }: Arena,
  u: number,
  sum: number,
  values: Float64Array,
  S: Float64Array,
  reached: Uint8Array,
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
    const operand = operandIds[first + k]!;
    S[operand]! += sum * slope;
    reached[operand] = 1;
  }
}
