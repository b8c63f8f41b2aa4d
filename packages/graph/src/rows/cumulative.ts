/** Rows: running totals along an axis. */
import { sizeOf } from '../shape.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as routines from '../routines/cumulative.ts';
import { batchAlongAxis } from './batch.ts';
import { checkAxes } from './layout.ts';
import type { LinearRow } from './row.ts';

/** The attributes of a running total: along which axis, and whether it runs from the end. */
export interface CumulativeAttributes {
  readonly [name: string]: number | boolean;
  readonly axis: number;
  readonly reverse: boolean;
}

export const cumSum: LinearRow<CumulativeAttributes> = {
  name: 'cumSum',
  family: 'linear',
  lower: (compiler) => lowerRoutine(compiler, routines.cumSum),
  arity: 1,
  formula: '\\sum_{j \\le i} x_j',
  attributes: { axis: 'integer', reverse: 'boolean' },
  infer([x], { axis }) {
    checkAxes([axis], x!.shape.length);
    return { shape: x!.shape, kind: 'real' };
  },
  prepare([x], { axis, reverse }) {
    const length = x!.shape[axis]!;
    const [outer, inner] = [sizeOf(x!.shape.slice(0, axis)), sizeOf(x!.shape.slice(axis + 1))];
    const step = reverse ? -inner : inner;
    return (result, [data]) => {
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < inner; k++) {
          let position = o * length * inner + k + (reverse ? (length - 1) * inner : 0);
          let total = 0;
          for (let i = 0; i < length; i++, position += step) {
            total += data![position]!;
            result[position] = total;
          }
        }
      }
    };
  },
  // Every element is part of the totals after it: the message is the running total from the other end.
  transpose: (B, S, _operands, { axis, reverse }) =>
    B.apply(cumSum, [S], { axis, reverse: !reverse }),
  batch: (B, operands, _batched, attributes) => batchAlongAxis(B, cumSum, operands, attributes),
};
