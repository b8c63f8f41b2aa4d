/** The local derivative du/dz of a scalar operation: what a message is multiplied with. */
import { type Arena, type ElementwiseRow, numbers } from '@ad/graph';

/**
 * The derivative of scalar node `u`, an operation of `row`, with respect to its operand at `position`.
 *
 * @param activations - the values of the scalar nodes by id, those that the derivative reads at least.
 */
export function localDerivative(
  arena: Arena,
  row: ElementwiseRow,
  u: number,
  position: number,
  activations: Float64Array,
): number {
  const partial = row.partials[position]!;
  if (typeof partial === 'number') return partial;
  const { operandIds } = arena;
  const first = arena.operandStarts[u]!;
  const x = activations[operandIds[first]!]!;
  const y = row.arity > 1 ? activations[operandIds[first + 1]!]! : 0;
  const z = row.arity > 2 ? activations[operandIds[first + 2]!]! : 0;
  return partial(numbers, activations[u]!, x, y, z);
}

/** The product of a message; where `strong` is 1, 0 wins over Infinity and NaN. */
export function times(sum: number, derivative: number, strong: number): number {
  return strong === 1 ? numbers.strongMul(sum, derivative) : sum * derivative;
}
