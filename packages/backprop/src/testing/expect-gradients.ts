/** The gradient checker as an assertion. */
import { AdError, type GraphNode, type ValuesOf } from '@ad/graph';
import { checkGradients, type CheckOptions } from '../check/check-gradients.ts';

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
