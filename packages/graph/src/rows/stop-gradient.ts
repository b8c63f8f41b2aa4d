/** Row: a value that derivatives take for a constant. */
import type { DiscreteRow } from './row.ts';
import { copy } from './views.ts';

export const stopGradient: DiscreteRow = {
  name: 'stopGradient',
  family: 'discrete',
  lowering: 'reshape', // to the shape that it has: nothing
  holds: true,
  arity: 1,
  formula: 'x \\text{, for derivatives a constant}',
  attributes: {},
  infer: ([x]) => x!,
  prepare: () => copy,
  batch: (B, operands) => B.apply(stopGradient, operands),
};
