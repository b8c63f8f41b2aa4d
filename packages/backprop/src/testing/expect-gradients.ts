/** The gradient checker as an assertion. */
import { AdError, type Attributes, type GraphNode, type Leaf, type ValuesOf } from '@ad/graph';
import { checkGradients } from '../check/check-gradients.ts';
import type { CheckOptions } from '../check/options.ts';
import { type CheckOperationOptions, checkOperation } from '../check/check-operation.ts';
import type { UserOperation } from '../custom/define-operation.ts';

/**
 * Throws when the derivatives of a function are wrong at a point; see `checkGradients`.
 *
 * @throws `AdError` with the report.
 * @example
 * ```ts
 * import type { GraphNode } from '@ad/graph';
 * import { expectGradients } from '@ad/backprop/testing';
 *
 * expectGradients((x: GraphNode) => x.sin().mul(x), [0.5]);
 * ```
 */
export function expectGradients<Args extends readonly unknown[]>(
  f: (...args: Args) => GraphNode,
  inputs: ValuesOf<Args>,
  options: CheckOptions = {},
): void {
  const { ok, text } = checkGradients(f, inputs, options);
  if (!ok) throw new AdError(text);
}

/**
 * Throws when a user-defined operation is wrong at a point; see `checkOperation`. One line of a test.
 *
 * @throws `AdError` with the report.
 * @example
 * ```ts
 * import { defineOperation } from '@ad/backprop';
 * import { expectOperation } from '@ad/backprop/testing';
 *
 * const double = defineOperation({
 *   name: 'double',
 *   arity: 1,
 *   value: (A, x) => A.add(x, x),
 *   partials: [2],
 * });
 * expectOperation(double, [0.5]);
 * ```
 */
export function expectOperation<A extends Attributes>(
  operation: UserOperation<A>,
  operands: readonly Leaf[],
  options: CheckOperationOptions<A> = {},
): void {
  const { ok, text } = checkOperation(operation, operands, options);
  if (!ok) throw new AdError(text);
}
