/** Rows: rotations that make square matrices diagonal. */
import { singularVectors } from '../matrices/singular-vectors.ts';
import { batchStacks } from './batch.ts';
import { forEachMatrix, squareType } from './matrices.ts';
import type { DiscreteRow } from './row.ts';

/** The attribute of a frame: that on the left of the singular values, or on the right. */
interface SideAttributes {
  readonly [name: string]: boolean;
  readonly right: boolean;
}

/** Rotations U and V for which U^T X V is diagonal. Whoever uses them must not depend on which ones they are. */
export const singularFrame: DiscreteRow<SideAttributes> = {
  name: 'singularFrame',
  family: 'discrete',
  arity: 1,
  formula: 'U \\text{ or } V \\text{ with } U^T X V \\text{ diagonal}',
  attributes: { right: 'boolean' },
  infer: ([a]) => squareType(a!),
  prepare: ([a], { right }) =>
    forEachMatrix(a!, (result, data, start, n) => {
      const frame = singularVectors(data, start, n);
      result.set(right ? frame.right : frame.left, start);
    }),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, singularFrame, operands, batched, attributes),
};
