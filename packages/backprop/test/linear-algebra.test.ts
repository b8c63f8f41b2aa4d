/**
 * Derivatives of linear algebra against difference quotients, to second order, in both modes; those of the determinant
 * at singular matrices of every rank against exact minors of integers, to third order.
 */
import { compile } from '@ad/compiler';
import {
  cholesky,
  determinant,
  evaluate,
  Graph,
  type GraphNode,
  inverse,
  logDet,
  slice,
  slogDet,
  solve,
  Tensor,
  tensor,
  triangularSolve,
} from '@ad/graph';
import { expectGradients, tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradient, pushforward, reverseSweep } from '../src/index.ts';

/** Matrices with a strong diagonal: far from singular. */
const regular = (...shape: number[]): fc.Arbitrary<Tensor> =>
  tensors({ shape }).map((x) => {
    const n = shape.at(-1)!;
    const data = x.data.map((value, k) => ((k % (n * n)) % (n + 1) === 0 ? 3 : 0) + value / 2);
    return new Tensor(shape, 'real', Float64Array.from(data));
  });

type Build = (x: GraphNode, y: GraphNode) => GraphNode;

const positive = (x: GraphNode): GraphNode => {
  const rank = x.shape.length;
  const permutation = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return x.matmul(x.transpose(permutation));
};

describe('against difference quotients, to second order', () => {
  test.each<[string, number[], number[], Build]>([
    ['solve', [3, 3], [3, 2], solve],
    ['solve with a vector', [2, 2], [2], solve],
    ['solve with stacks that broadcast', [2, 1, 2, 2], [3, 2, 1], solve],
    ['one matrix for many sides', [2, 2], [2, 2, 1], solve],
    ['inverse', [2, 3, 3], [1], (x) => inverse(x)],
    ['determinant', [2, 3, 3], [1], (x) => determinant(x)],
    ['determinant of stacks of stacks', [2, 1, 2, 2], [1], (x) => determinant(x)],
    ['cholesky of stacks of stacks', [2, 1, 2, 2], [1], (x) => cholesky(positive(x))],
    ['determinant of one element', [1, 1], [1], (x) => determinant(x).sin()],
    ['gradient of the determinant', [3, 3], [1], (x) => gradient(determinant(x), x).sin()],
    ['logDet', [2, 3, 3], [1], (x) => logDet(positive(x))],
    ['slogDet', [3, 3], [1], (x) => slogDet(x.neg()).logAbs],
    ['cholesky', [2, 3, 3], [1], (x) => cholesky(positive(x))],
    ...[true, false].flatMap((lower) =>
      [true, false].flatMap((transposed) =>
        [true, false].map((unitDiagonal): [string, number[], number[], Build] => [
          `triangularSolve ${JSON.stringify({ lower, transposed, unitDiagonal })}`,
          [2, 3, 3],
          [3, 2],
          (x, y) => triangularSolve(x, y, { lower, transposed, unitDiagonal }),
        ]),
      ),
    ),
  ])('%s', (_name, shapeOfX, shapeOfY, f) => {
    fc.assert(
      fc.property(regular(...shapeOfX), tensors({ shape: shapeOfY }), (x, y) => {
        expectGradients((a: GraphNode, b: GraphNode) => f(a, b).add(b.sum().mul(0)), [x, y], {
          directions: 1,
        });
      }),
      { numRuns: 4 },
    );
  });
});

/** The determinant of integers, exactly. */
function minorOf(rows: readonly (readonly number[])[]): number {
  return rows.length === 0
    ? 1
    : rows[0]!.reduce((sum, x, j) => {
        const minor = rows.slice(1).map((row) => row.filter((_, k) => k !== j));
        return sum + (j % 2 === 0 ? x : -x) * (x === 0 ? 0 : minorOf(minor));
      }, 0);
}

/**
 * The derivative of the determinant by the elements at these places: what is left after their rows and columns, with
 * the sign of bringing them to the front.
 */
function derivativeAt(rows: readonly (readonly number[])[], places: readonly number[]): number {
  const [place, ...others] = places;
  if (place === undefined) return minorOf(rows);
  const n = rows.length;
  // The determinant is linear in each row: replace the row by the unit vector.
  const row = Math.floor(place / n);
  const column = place % n;
  const unit = rows[row]!.map((_, k) => (k === column ? 1 : 0));
  const replaced = rows.map((each, i) => (i === row ? unit : each));
  // A second derivative in the same row vanishes.
  if (others.some((other) => Math.floor(other / n) === row)) return 0;
  return derivativeAt(replaced, others);
}

describe('the determinant at matrices of every rank', () => {
  /** Sums of outer products of small integers: of rank 0 to n. */
  const integers = (n: number): fc.Arbitrary<number[][]> =>
    fc
      .tuple(
        fc.nat({ max: n }),
        fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 2 * n * n, maxLength: 2 * n * n }),
      )
      .map(([rank, x]) =>
        Array.from({ length: n }, (_, i) =>
          Array.from({ length: n }, (_, j) => {
            let sum = 0;
            for (let k = 0; k < rank; k++) sum += x[k * n + i]! * x[(n + k) * n + j]!;
            return sum;
          }),
        ),
      );

  test.each([1, 2, 3, 4])('has the derivatives of first to third order, side %i', (n) => {
    fc.assert(
      fc.property(
        integers(n),
        fc.array(fc.nat({ max: n * n - 1 }), { minLength: 2, maxLength: 2 }),
        (rows, [p, q]) => {
          const x = new Graph().input('x', { value: tensor(rows) });
          const size = 1 + Math.max(...rows.flat().map(Math.abs));
          const expectExact = (node: GraphNode, places: readonly number[]): void => {
            const order = places.length + 1;
            node.tensor.data.forEach((slope, k) => {
              const exact = derivativeAt(rows, [...places, k]);
              // Relative to the size of the products that it is the sum of.
              const scale = 24 * size ** Math.max(n - order, 0);
              expect(Math.abs(slope - exact)).toBeLessThan(1e-13 * scale);
            });
          };
          const at = (node: GraphNode, place: number): GraphNode =>
            slice(node.reshape([n * n]), [{ start: place, end: place + 1 }]).sum();
          const first = gradient(determinant(x), x);
          const second = gradient(at(first, p!), x);
          const third = gradient(at(second, q!), x);
          expectExact(first, []);
          expectExact(second, [p!]);
          expectExact(third, [p!, q!]);
          const sweep = reverseSweep(determinant(x)).adjointTensor(x);
          expect(Array.from(sweep.data)).toEqual(Array.from(first.tensor.data));
          const direction = x.graph.constant(
            new Tensor(
              [n, n],
              'real',
              Float64Array.from({ length: n * n }, (_, k) => +(k === q)),
            ),
          );
          expectExact(pushforward(first, x, direction), [q!]);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('of very different sizes has the small cofactors too', () => {
    const x = new Graph().input('x', {
      value: [
        [1e20, 0],
        [0, 1e-20],
      ],
    });
    expect(gradient(determinant(x), x).tensor.toArray()).toEqual([
      [1e-20, 0],
      [0, 1e20],
    ]);
  });
});

test('compiled = interpreted, values and gradients', () => {
  fc.assert(
    fc.property(regular(2, 3, 3), tensors({ shape: [3, 2] }), (a, b) => {
      const graph = new Graph();
      const [x, y] = [graph.input('x', { value: a }), graph.input('y', { value: b })];
      const values = [
        solve(x, y).sum(),
        triangularSolve(x, y).sum(),
        inverse(x).sum(),
        cholesky(positive(x)).sum(),
        determinant(x).sum(),
        logDet(positive(x)).sum(),
      ];
      const outputs = values.concat(values.flatMap((node) => gradient(node, [x, y])));
      const compiled = compile({ outputs }).run({ x: a, y: b });
      evaluate(outputs).forEach((wanted, k) => {
        compiled[k]!.data.forEach((got, i) => {
          const expected = wanted.data[i]!;
          expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(expected)));
        });
      });
    }),
    { numRuns: 5 },
  );
});
