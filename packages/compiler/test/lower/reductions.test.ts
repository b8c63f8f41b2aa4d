import fc from 'fast-check';
import { test } from 'vitest';
import { all, any, Graph, greater, logSumExp, max, min, prod } from '@ad/graph';
import { expectAgreement, waves } from '../support/agreement.ts';

/** Up to two turns of four vectors, with every remainder; 0 elements too. */
const length = fc.integer({ min: 0, max: 37 });

test('sums, products, extremes and truth values over any axes are those of the interpreter', () => {
  fc.assert(
    fc.property(length, length, fc.integer({ min: 1, max: 3 }), (n, m, k) => {
      const x = new Graph().input('x', { shape: [k, n, m], value: waves(k * n * m, 1) });
      const positive = greater(x, -1.6);
      for (const axes of [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]) {
        expectAgreement([
          x.sum({ axes }),
          prod(x.mul(0.1).add(1), { axes }),
          any(positive, { axes }),
          all(positive, { axes, keepDims: true }),
          x.transpose().exp().sum({ axes }),
        ]);
        if (k * n * m > 0)
          expectAgreement([max(x, { axes }), min(x.neg(), { axes }), logSumExp(x, { axes })]);
      }
    }),
    { numRuns: 25 },
  );
});
