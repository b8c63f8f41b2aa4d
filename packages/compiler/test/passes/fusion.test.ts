/** The text form of what fusion and lowering make of graphs: the kernels in order. */
import { Graph, type GraphNode, max, pad, where, greater } from '@ad/graph';
import { expect, test } from 'vitest';
import { compile } from '../../src/index.ts';

/** The kernels of a program, a line for each. */
const kernelsOf = (outputs: readonly GraphNode[]): string =>
  compile({ outputs }).report().split('\n').slice(1).join('\n');

test('elementwise operations join the loop of their users, also into reductions', () => {
  const x = new Graph().input('x', { shape: [8, 16] });
  const y = x.mul(2).tanh();
  expect(kernelsOf([y.square().sum({ axes: 1 }), y])).toBe(
    `  loop over [8, 16], reducing: mul, tanh, square, sum`,
  );
});

test('what follows a product is done on its sums', () => {
  const graph = new Graph();
  const [x, w] = [graph.input('x', { shape: [8, 16] }), graph.input('w', { shape: [16, 4] })];
  const b = graph.input('b', { shape: [4] });
  expect(kernelsOf([x.matmul(w).add(b)])).toBe(`  matmul [8, 16] x [16, 4], then add`);
});

test('layouts cost nothing, and zeros around an array no memory', () => {
  const x = new Graph().input('x', { shape: [8, 16] });
  const shifted = pad(x, [
    [1, 0],
    [0, 0],
  ]);
  expect(
    kernelsOf([x.transpose().exp(), shifted.mul(shifted), max(x.reshape([4, 32]), { axes: 0 })]),
  ).toBe(
    `  loop over [16, 8]: exp
  loop over [1, 16]: pad, mul
  loop over [8, 16]: pad, mul
  loop over [4, 32], reducing: max`,
  );
});

test('scalars between arrays are one region', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [8] });
  const s = x.sum();
  const t = where(greater(s, 0), s.exp(), s.neg()).mul(3);
  expect(kernelsOf([x.mul(t)])).toBe(
    `  loop over [8], reducing: sum
  7 scalar operations: straight-line code
  loop over [8]: mul`,
  );
});
