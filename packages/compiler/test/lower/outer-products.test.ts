/** Products of columns with rows. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph, interpreter } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

const length = fc.integer({ min: 1, max: 9 });

test('a column times a row shares the loop of what is made of it', () => {
  const graph = new Graph();
  const [x, y] = [graph.input('x', { shape: [7, 1] }), graph.input('y', { shape: [1, 5] })];
  const program = compile({ outputs: [x.matmul(y).add(1).sum({ axes: 0 })] });
  expect(program.report().split('\n').slice(1)).toEqual([
    '  loop over [7, 5], reducing: outer, add, sum',
  ]);
});

test('outer products are those of the interpreter, in stacks, summed over stacks, and where others read them', () => {
  fc.assert(
    fc.property(length, length, length, (stack, n, m) => {
      const graph = new Graph();
      const x = graph.input('x', { shape: [stack, n, 1], value: waves(stack * n, 1) });
      const y = graph.input('y', { shape: [1, m], value: waves(m, 2) });
      const z = graph.input('z', { shape: [stack, 1, m], value: waves(stack * m, 3) });
      const [shared, own] = [x.matmul(y), x.matmul(z)];
      const square = graph.input('w', { shape: [m, n], value: waves(n * m, 4) });
      expectAgreement([shared.add(own).tanh(), own]);
      expectAgreement([own.sum({ axes: 0 }), shared.sum({ axes: [1, 2] }), shared]);
      expectAgreement([own.matmul(square), own.neg().matmul(square.neg())]);
    }),
    { numRuns: 25 },
  );
});

test('zeros have the sign of a sum, bit by bit', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [3, 1], value: [[0], [-0], [-2]] });
  const outputs = [x.matmul(x.transpose())];
  const [got, wanted] = [compile({ outputs }).run(), interpreter({ outputs }).run()];
  expect(Array.from(got[0]!.data)).toEqual(Array.from(wanted[0]!.data));
});
