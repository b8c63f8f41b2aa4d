/**
 * The local derivatives of scalar operations, written edge by edge while the values are computed, so that a reverse sweep
 * has nothing to decide: it multiplies and adds. Which operation a node is is asked once, because to guess it wrong takes
 * the processor as long as the operation. Those that most nodes are (codes.ts) are written out, as their rows state
 * them: to call a row costs several times what it does.
 */
import { numbers } from '../algebra/numbers.ts';
import { type Arena, SCALAR_REAL } from '../arena.ts';
import { ADD, COS, DIV, EXP, LOG, MUL, SIN, SUB } from '../codes.ts';
import type { ElementwiseRow } from '../rows/row.ts';

/** The value of one of the operations that have a code in all graphs; its derivatives are written from edge `first` on. */
export function valueAndSlopes(
  code: number,
  x: number,
  y: number,
  slopes: Float64Array,
  first: number,
): number {
  let value: number;
  if (code === ADD) {
    slopes[first] = 1;
    slopes[first + 1] = 1;
    return x + y;
  }
  if (code === MUL) {
    slopes[first] = y;
    slopes[first + 1] = x;
    return x * y;
  }
  if (code === SUB) {
    slopes[first] = 1;
    slopes[first + 1] = -1;
    return x - y;
  }
  if (code === DIV) {
    value = x / y;
    slopes[first] = 1 / y;
    slopes[first + 1] = -(value / y);
    return value;
  }
  if (code === EXP) {
    value = Math.exp(x);
    slopes[first] = value;
  } else if (code === LOG) {
    value = Math.log(x);
    slopes[first] = 1 / x;
  } else if (code === SIN) {
    value = Math.sin(x);
    slopes[first] = Math.cos(x);
  } else if (code === COS) {
    value = Math.cos(x);
    slopes[first] = -Math.sin(x);
  } else {
    value = Math.tanh(x);
    slopes[first] = 4 * (numbers.sigmoid(x + x) * numbers.sigmoid(-(x + x)));
  }
  return value;
}

/** The derivatives of any other operation by its row, if its result is a real scalar. */
export function slopesByRow(
  { rows, codes, typeIds, arities, operandStarts, operandIds }: Arena,
  id: number,
  scalars: Float64Array,
  slopes: Float64Array,
): void {
  const code = codes[id]!;
  const arity = arities[code]!;
  if (arity === 0 || typeIds[id] !== SCALAR_REAL) return;
  const { partials } = rows[code] as ElementwiseRow;
  const first = operandStarts[id]!;
  const x = scalars[operandIds[first]!]!;
  const y = arity > 1 ? scalars[operandIds[first + 1]!]! : 0;
  const z = arity > 2 ? scalars[operandIds[first + 2]!]! : 0;
  for (let k = 0; k < arity; k++) {
    const partial = partials[k]!;
    slopes[first + k] =
      typeof partial === 'number' ? partial : partial(numbers, scalars[id]!, x, y, z);
  }
}
