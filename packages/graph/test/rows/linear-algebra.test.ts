/** Linear algebra against exact arithmetic on integers, and against the equations that define the results. */
import {
  cholesky,
  determinant,
  evaluate,
  Graph,
  type GraphNode,
  inverse,
  logDet,
  slogDet,
  solve,
  tensor,
  Tensor,
  triangularSolve,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { broadcastableShapes, expectElements, integersOf } from '../support/arrays.ts';

/** The value of a function of tensors. */
function valueOf(f: (...nodes: GraphNode[]) => GraphNode, ...values: readonly Tensor[]): Tensor {
  const graph = new Graph();
  return evaluate(f(...values.map((value, k) => graph.input(`x${k}`, { value }))));
}

/** The determinant by expansion along the first row: exact, as the elements are small integers. */
function expanded(rows: readonly (readonly number[])[]): number {
  return rows.length === 0
    ? 1
    : rows[0]!.reduce((sum, x, j) => {
        const minor = rows.slice(1).map((row) => row.filter((_, k) => k !== j));
        return sum + (j % 2 === 0 ? x : -x) * (x === 0 ? 0 : expanded(minor));
      }, 0);
}

/** The matrix at these indices of a stack, of which axes of length 1 serve for all. */
function matrixAt(stack: Tensor, index: readonly number[]): number[][] {
  const [rows, columns] = stack.shape.slice(-2) as [number, number];
  const lead = stack.shape.slice(0, -2);
  const own = index.slice(index.length - lead.length).map((i, k) => (lead[k] === 1 ? 0 : i));
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => stack.at(...own, i, j)),
  );
}

const side = fc.integer({ min: 0, max: 5 });
/** Stacks of matrices of small integers, often singular. */
const stacks = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }), side)
  .chain(([lead, n]) => integersOf([...lead, n, n]));

describe('determinants', () => {
  test('are those of the expansion by minors, to rounding', () => {
    fc.assert(
      fc.property(stacks, (a) => {
        const result = valueOf(determinant, a);
        expect(result.shape).toEqual(a.shape.slice(0, -2));
        const { sign, logAbs } = slogDet(new Graph().constant(a));
        expectElements(result, result.shape, (index) => {
          const exact = expanded(matrixAt(a, index));
          const got = result.at(...index);
          // Hadamard: no determinant is larger than the product of the lengths of the rows.
          const bound = matrixAt(a, index).reduce((all, row) => all * Math.hypot(1, ...row), 1);
          expect(Math.abs(got - exact)).toBeLessThanOrEqual(1e-14 * bound);
          expect(sign.tensor.at(...index)).toBe(Math.sign(got));
          expect(logAbs.tensor.at(...index)).toBeCloseTo(Math.log(Math.abs(got)), 12);
          return got;
        });
      }),
    );
  });

  test('of singular matrices with a zero column or equal rows are exactly 0', () => {
    const singular = tensor([
      [1, 2, 1],
      [3, 4, 3],
      [1, 2, 1],
    ]);
    expect(valueOf(determinant, singular).item()).toBe(0);
    const { sign, logAbs } = slogDet(new Graph().constant(singular));
    expect([sign.value, logAbs.value]).toEqual([0, -Infinity]);
    expect(valueOf(logDet, singular).item()).toBe(-Infinity);
  });

  test('of large diagonal matrices have a logarithm where they have no value', () => {
    const a = new Tensor(
      [400, 400],
      'real',
      Float64Array.from({ length: 160_000 }, (_, k) => (k % 401 === 0 ? 0.1 : 0)),
    );
    expect(valueOf(determinant, a).item()).toBe(0);
    expect(valueOf(logDet, a).item()).toBeCloseTo(400 * Math.log(0.1), 9);
  });

  test('that are negative have no logarithm', () => {
    const swapped = tensor([
      [0, 1],
      [1, 0],
    ]);
    expect(valueOf(logDet, swapped).item()).toBeNaN();
    expect(valueOf((x) => slogDet(x).sign, swapped).item()).toBe(-1);
  });
});

describe('systems of equations', () => {
  /** A stack and right-hand sides that broadcast with it; diagonally dominant matrices, so not near singular. */
  const systems = fc
    .tuple(broadcastableShapes(2), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }))
    .chain(([{ operands }, n, m]) => {
      const [a, b] = operands.map((shape) => shape.slice(-2));
      return fc.tuple(integersOf([...a!, n, n]), integersOf([...b!, n, m]));
    })
    .map(([a, b]): [Tensor, Tensor] => {
      const n = a.shape.at(-1)!;
      const strong = a.data.map((x, k) =>
        (k % (n * n)) % (n + 1) === 0 ? Math.sign(x || 1) * (20 + Math.abs(x)) : x / 2,
      );
      return [new Tensor(a.shape, 'real', Float64Array.from(strong)), b];
    });

  test('solve: the matrix times the solution is the right-hand side', () => {
    fc.assert(
      fc.property(systems, ([a, b]) => {
        const product = valueOf((x, y) => x.matmul(solve(x, y)).sub(y), a, b);
        for (const x of product.data) expect(Math.abs(x)).toBeLessThan(1e-12);
      }),
    );
  });

  test('the inverse solves for the columns of the identity', () => {
    fc.assert(
      fc.property(systems, ([a]) => {
        const product = valueOf((x) => x.matmul(inverse(x)), a);
        expect(product.shape).toEqual(a.shape);
        const n = a.shape.at(-1)!;
        product.data.forEach((x, k) => {
          expect(Math.abs(x - ((k % (n * n)) % (n + 1) === 0 ? 1 : 0))).toBeLessThan(1e-12);
        });
      }),
    );
  });

  test('rows are exchanged for small pivots', () => {
    const a = tensor([
      [1e-20, 1],
      [1, 1],
    ]);
    const x = valueOf(solve, a, tensor([1, 2])).data;
    expect(x[0]).toBeCloseTo(1, 15);
    expect(x[1]).toBeCloseTo(1, 15);
  });

  test('of a stack, only what is singular is NaN', () => {
    const a = tensor([
      [
        [1, 2],
        [2, 4],
      ],
      [
        [2, 0],
        [0, 4],
      ],
    ]);
    expect(valueOf(solve, a, tensor([[2], [4]])).toArray()).toEqual([
      [[NaN], [NaN]],
      [[1], [1]],
    ]);
    expect(valueOf(inverse, a).toArray()).toEqual([
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
      [
        [0.5, 0],
        [0, 0.25],
      ],
    ]);
  });

  test('NaN anywhere in a matrix makes its solution NaN', () => {
    for (let k = 0; k < 9; k++) {
      const data = Float64Array.of(4, 1, 1, 1, 5, 1, 1, 1, 6);
      data[k] = NaN;
      const x = valueOf(solve, new Tensor([3, 3], 'real', data), tensor([1, 2, 3]));
      expect(x.data.some(Number.isNaN)).toBe(true);
    }
  });

  test('a vector gives a vector per matrix', () => {
    const a = tensor([
      [
        [2, 0],
        [0, 4],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expect(valueOf(solve, a, tensor([2, 4])).toArray()).toEqual([
      [1, 1],
      [2, 4],
    ]);
  });
});

describe('triangles', () => {
  const options = fc.record({
    lower: fc.boolean(),
    transposed: fc.boolean(),
    unitDiagonal: fc.boolean(),
  });
  const n = 4;

  test('only the triangle named is looked at', () => {
    fc.assert(
      fc.property(integersOf([2, n, n]), integersOf([n, 2]), options, (a, b, triangle) => {
        const { lower, transposed, unitDiagonal } = triangle;
        const ones = new Tensor(
          a.shape,
          'real',
          Float64Array.from(a.data, (x, k) => x || 1 + (k % 3)),
        );
        // The same triangle with nothing else in the matrix.
        const part = new Tensor(
          a.shape,
          'real',
          Float64Array.from(ones.data, (x, k) => {
            const [i, j] = [Math.floor((k % (n * n)) / n), k % n];
            if (i === j) return unitDiagonal ? 1 : x;
            return i > j === lower ? x : 0;
          }),
        );
        const difference = valueOf(
          (x, y, t) => {
            const solution = triangularSolve(x, y, triangle);
            return (transposed ? t.transpose([0, 2, 1]) : t).matmul(solution).sub(y);
          },
          ones,
          b,
          part,
        );
        const solution = valueOf((x, y) => triangularSolve(x, y, triangle), ones, b);
        const size = Math.max(...solution.data.map(Math.abs), 1) * 10;
        for (const x of difference.data) expect(Math.abs(x)).toBeLessThan(1e-14 * size);
      }),
    );
  });

  test('a zero on the diagonal divides', () => {
    const a = tensor([
      [0, 0],
      [1, 2],
    ]);
    expect(valueOf((x, y) => triangularSolve(x, y), a, tensor([1, 0])).toArray()).toEqual([
      Infinity,
      -Infinity,
    ]);
    expect(valueOf((x, y) => triangularSolve(x, y), a, tensor([0, 0])).toArray()).toEqual([
      NaN,
      NaN,
    ]);
  });

  test('a Cholesky factor times its transpose is the symmetric part', () => {
    fc.assert(
      fc.property(integersOf([2, n, n]), (b) => {
        const made = valueOf(
          (x) =>
            x.matmul(x.transpose([0, 2, 1])).add(
              tensor([
                [1, 0.5, 0, 0],
                [-0.5, 1, 0, 0],
                [0, 0, 1, 0],
                [0, 0, 0, 1],
              ]),
            ),
          b,
        );
        const factor = valueOf(cholesky, made);
        const above = factor.data.filter((_, k) => k % n > Math.floor((k % (n * n)) / n));
        expect(above.every((x) => x === 0)).toBe(true);
        const product = valueOf((l) => l.matmul(l.transpose([0, 2, 1])), factor);
        const wanted = valueOf((x) => x.add(x.transpose([0, 2, 1])).mul(0.5), made);
        product.data.forEach((x, k) => {
          expect(Math.abs(x - wanted.data[k]!)).toBeLessThan(1e-13 * Math.max(...wanted.data));
        });
      }),
    );
  });

  test('what is not positive definite has no Cholesky factor, without harm to its neighbours', () => {
    const a = tensor([
      [
        [1, 2],
        [2, 1],
      ],
      [
        [4, 0],
        [0, 9],
      ],
      [
        [1, NaN],
        [NaN, 1],
      ],
    ]);
    expect(valueOf(cholesky, a).toArray()).toEqual([
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
      [
        [2, 0],
        [0, 3],
      ],
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
    ]);
  });
});

describe('shapes that do not fit are refused and leave nothing behind', () => {
  const graph = new Graph();
  const wide = graph.input('wide', { shape: [2, 3] });
  const square = graph.input('square', { shape: [3, 3] });
  const vector = graph.input('vector', { shape: [2] });
  const scalar = graph.input('scalar');
  test.each<[string, () => unknown, RegExp]>([
    ['determinant', () => determinant(wide), /determinant: .*square, .* got the shape \[2, 3\]/s],
    ['determinant of a vector', () => determinant(vector), /square/],
    ['inverse', () => inverse(wide), /inverse: .*square/s],
    ['cholesky', () => cholesky(wide), /cholesky: .*square/s],
    ['logDet', () => logDet(wide), /square/],
    ['solve', () => solve(square, vector), /solve: .*\[\.\.\., 3, m\], got \[2, 1\]/s],
    ['solve for a scalar', () => solve(square, scalar), /solve: .*must not be a scalar/s],
    [
      'triangularSolve',
      () => triangularSolve(square, wide),
      /triangularSolve: .*\[\.\.\., 3, m\]/s,
    ],
  ])('%s', (_name, build, message) => {
    const before = graph.nodeCount;
    expect(build).toThrow(message);
    expect(graph.nodeCount).toBe(before);
  });
});
