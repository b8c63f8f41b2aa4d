/** Products of matrices, vectors and stacks of them, by three nested loops. */
import { Graph, ShapeError, type Tensor } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastableShapes,
  expectElements,
  fractionsOf,
  integersOf,
  tensorOf,
} from '../support/arrays.ts';

const length = fc.constantFrom(0, 1, 2, 3, 5);

test('matmul of stacks sums products of rows and columns, stacks broadcast', () => {
  const cases = fc
    .tuple(broadcastableShapes(2), length, length, length)
    .chain(([{ operands, result }, n, k, m]) => {
      const [left, right] = operands.map((shape) => shape.slice(-2));
      return fc.tuple(
        integersOf([...left!, n, k]),
        integersOf([...right!, k, m]),
        fc.constant([...result.slice(result.length - Math.max(left!.length, right!.length)), n, m]),
      );
    });
  fc.assert(
    fc.property(cases, ([a, b, shape]) => {
      const graph = new Graph();
      const product = graph.input('a', { value: a }).matmul(graph.input('b', { value: b }));
      expectElements(product.tensor, shape, (index) => {
        const stack = index.slice(0, -2);
        const [i, j] = index.slice(-2);
        let sum = 0;
        for (let l = 0; l < a.shape.at(-1)!; l++) {
          sum += broadcastMatrixAt(a, [...stack, i!, l]) * broadcastMatrixAt(b, [...stack, l, j!]);
        }
        return sum;
      });
    }),
    { numRuns: 200 },
  );
});

/** As broadcastAt, but the last two axes are taken as they are. */
function broadcastMatrixAt(x: Tensor, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  const last = x.shape.length - 2;
  return x.at(...own.map((i, axis) => (axis < last && x.shape[axis] === 1 ? 0 : i)));
}

describe('vectors', () => {
  const cases = fc
    .tuple(length, length)
    .chain(([n, k]) => fc.tuple(integersOf([n, k]), integersOf([k]), integersOf([k])));

  test('on the right are columns, on the left rows, and between themselves give a number', () => {
    fc.assert(
      fc.property(cases, ([a, u, v]) => {
        const graph = new Graph();
        const [matrix, x, y] = [a, u, v].map((value, i) => graph.input(`operand ${i}`, { value }));
        const dot = (f: (l: number) => number): number =>
          Array.from({ length: u.size }, (_, l) => f(l)).reduce((p, q) => p + q, 0);
        const rows = a.shape[0]!;
        expectElements(matrix!.matmul(x!).tensor, [rows], ([i]) =>
          dot((l) => a.at(i!, l) * u.at(l)),
        );
        expectElements(x!.matmul(matrix!.transpose()).tensor, [rows], ([i]) =>
          dot((l) => a.at(i!, l) * u.at(l)),
        );
        expectElements(x!.matmul(y!).tensor, [], () => dot((l) => u.at(l) * v.at(l)));
      }),
    );
  });

  test('meet every matrix of a stack', () => {
    const a = tensorOf([2, 3, 4], ([s, i, j]) => 100 * s! + 10 * i! + j!);
    const v = tensorOf([4], ([j]) => j! + 1);
    const graph = new Graph();
    const product = graph.input('a', { value: a }).matmul(graph.input('v', { value: v }));
    expectElements(product.tensor, [2, 3], ([s, i]) =>
      [0, 1, 2, 3].reduce((sum, j) => sum + a.at(s!, i!, j) * v.at(j), 0),
    );
  });
});

test('matmul rounds no worse than the sum of its products', () => {
  const cases = fc.tuple(fractionsOf([4, 7]), fractionsOf([7, 3]));
  fc.assert(
    fc.property(cases, ([a, b]) => {
      const graph = new Graph();
      const product = graph.input('a', { value: a }).matmul(graph.input('b', { value: b }));
      const naive = ([i, j]: readonly number[]): number => {
        let sum = 0;
        for (let l = 0; l < 7; l++) sum += a.at(i!, l) * b.at(l, j!);
        return sum;
      };
      // Multiples of 2^-10 below 2^10: exact in either order.
      expectElements(product.tensor, [4, 3], naive);
    }),
  );
});

test('operands that do not fit are named with their shapes and the rule', () => {
  const graph = new Graph();
  const a = graph.input('a', { shape: [2, 3] });
  const b = graph.input('b', { shape: [2, 3] });
  const s = graph.input('s');
  const nodes = graph.nodeCount;
  expect(() => a.matmul(b)).toThrow(ShapeError);
  expect(() => a.matmul(b)).toThrow(
    /^matmul: the last axis of the first has length 3, the last but one of the second 2; they must be equal\n.*operand 1: #0 "a" = input of shape \[2, 3\], real\n.*operand 2: #1 "b" = input of shape \[2, 3\], real\n.*rule \[\.\.\., n, k\] x \[\.\.\., k, m\] -> \[\.\.\., n, m\]; transpose one of them\?\n.*contraction\.test\.ts/,
  );
  expect(() => a.matmul(s)).toThrow(/at least two axes/);
  expect(() =>
    graph.input('c', { shape: [5, 4, 3] }).matmul(graph.input('d', { shape: [2, 3, 4] })),
  ).toThrow(/\[5\] and \[2\] do not broadcast/);
  expect(graph.nodeCount).toBe(nodes + 2);
});
