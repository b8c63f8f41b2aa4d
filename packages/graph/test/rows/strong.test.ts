/** Strong products of arrays are sums of strong products of numbers, whatever the numbers are. */
import {
  type Attributes,
  type BilinearRow,
  type Builder,
  numbers,
  type Operation,
  type OperationName,
  operations,
  type Tensor,
  tensor,
} from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { strongly } from '../../src/rows/strong.ts';
import { tensorOf } from '../support/arrays.ts';
import { applyToTensors, tensorBuilder } from '../support/builder.ts';

/** Small integers, zeros of both signs, and what is not finite. */
const numbersOfAllKinds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, NaN) },
);

const tensorsOf = (...shape: number[]): fc.Arbitrary<Tensor> => {
  const size = shape.reduce((a, b) => a * b, 1);
  return fc
    .array(numbersOfAllKinds, { minLength: size, maxLength: size })
    .map((data) => tensor(data, { shape }));
};

/** Equal as numbers: zeros of either sign are. */
function expectSame(actual: Tensor, expected: readonly number[]): void {
  expect(Array.from(actual.data, (x) => x + 0)).toEqual(expected.map((x) => x + 0));
}

describe('strongMatmul', () => {
  test('sums strong products', () => {
    fc.assert(
      fc.property(tensorsOf(2, 3), tensorsOf(3, 2), (x, y) => {
        const sums = [0, 1].flatMap((i) =>
          [0, 1].map((j) =>
            [0, 1, 2].reduce((sum, k) => sum + numbers.strongMul(x.at(i, k), y.at(k, j)), 0),
          ),
        );
        expectSame(applyToTensors(operations.strongMatmul, [x, y], {}), sums);
      }),
      { numRuns: 300 },
    );
  });

  test('broadcasts stacks', () => {
    const x = tensor([[[0, 0]], [[1, 0]]]);
    const y = tensor([[NaN], [2]]);
    expectSame(applyToTensors(operations.strongMatmul, [x, y], {}), [0, NaN]);
  });

  test('keeps sums that overflow', () => {
    const x = tensor([[1e308, 1e308]]);
    expectSame(applyToTensors(operations.strongMatmul, [x, tensor([[1], [1]])], {}), [Infinity]);
  });
});

test('strongConvolution sums strong products', () => {
  fc.assert(
    fc.property(tensorsOf(1, 1, 2, 4), tensorsOf(1, 1, 2, 2), (x, w) => {
      const sums = [0, 1, 2].map((p) =>
        [0, 1].reduce(
          (sum, c) =>
            sum +
            numbers.strongMul(x.at(0, 0, c, p), w.at(0, 0, c, 0)) +
            numbers.strongMul(x.at(0, 0, c, p + 1), w.at(0, 0, c, 1)),
          0,
        ),
      );
      const attributes = { strides: [1], dilations: [1] };
      expectSame(applyToTensors(operations.strongConvolution, [x, w], attributes), sums);
    }),
    { numRuns: 300 },
  );
});

describe('strong systems of equations', () => {
  const broken = tensor([
    [
      [NaN, 1],
      [1, 1],
    ],
    [
      [2, 0],
      [0, 2],
    ],
  ]);

  const triangle = { lower: true, transposed: false, unitDiagonal: false };

  test('have solutions of 0 for columns of 0, and the others are as they are', () => {
    const sides = tensor([
      [0, 2],
      [-0, 4],
    ]);
    const solved = applyToTensors(operations.strongSolve, [broken, sides], {});
    expectSame(solved, [0, NaN, 0, NaN, 0, 1, 0, 2]);
    const substituted = applyToTensors(operations.strongTriangularSolve, [broken, sides], triangle);
    expectSame(substituted, [0, NaN, 0, NaN, 0, 1, 0, 2]);
  });

  test.each([
    ['solve', operations.solve, operations.strongSolve, {}],
    ['triangularSolve', operations.triangularSolve, operations.strongTriangularSolve, triangle],
  ] as const)('%s column by column, whatever the numbers are', (_name, row, strong, attributes) => {
    const [stack, n, m] = [2, 3, 2];
    // Every other column is one of zeros.
    const sides = tensorsOf(stack, n, m).map((y) =>
      tensorOf(y.shape, (at) => (at[2] === 1 ? 0 : y.at(...at))),
    );
    fc.assert(
      fc.property(tensorsOf(stack, n, n), sides, (x, y) => {
        const solved = applyToTensors<Attributes>(strong, [x, y], attributes);
        for (let s = 0; s < stack; s++) {
          const matrix = tensorOf([n, n], ([i, j]) => x.at(s, i!, j!));
          for (let j = 0; j < m; j++) {
            const side = tensorOf([n, 1], ([i]) => y.at(s, i!, j));
            const alone = applyToTensors<Attributes>(row, [matrix, side], attributes);
            const isZero = side.data.every((value) => value === 0);
            const expected = isZero ? [0, 0, 0] : Array.from(alone.data);
            expectSame(
              tensorOf([n], ([i]) => solved.at(s, i!, j)),
              expected,
            );
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('with sides that differ between the matrices of a stack', () => {
    const sides = tensor([[[[0], [0]]], [[[2], [2]]]]);
    const solved = applyToTensors(operations.strongSolve, [broken, sides], {});
    expect(solved.shape).toEqual([2, 2, 2, 1]);
    expectSame(solved, [0, 0, 0, 0, NaN, NaN, 1, 1]);
  });
});

describe('the variant that a rule applies', () => {
  const applied = (row: Operation): Operation => {
    let seen: unknown;
    const builder: Builder<Tensor> = {
      ...tensorBuilder,
      apply(variant, [x]) {
        seen = variant;
        return x!;
      },
    };
    strongly(builder).apply(row, [tensor(0)]);
    return seen as Operation;
  };

  test('is that of the table, or the operation itself', () => {
    const inTable: Partial<Record<OperationName, OperationName>> = {
      mul: 'strongMul',
      matmul: 'strongMatmul',
      convolution: 'strongConvolution',
      solve: 'strongSolve',
      triangularSolve: 'strongTriangularSolve',
    };
    const names = Object.keys(operations) as OperationName[];
    const others = names.filter(
      (name) => applied(operations[name]) !== operations[inTable[name] ?? name],
    );
    expect(others).toStrictEqual([]);
  });

  test('of an operation outside of the table is made once', () => {
    const outer: BilinearRow = { ...(operations.matmul as BilinearRow), name: 'outer' };
    Reflect.deleteProperty(outer, 'strong');
    const strong = applied(outer);
    expect(strong.name).toBe('strong outer');
    expect(applied(outer)).toBe(strong);
    expect(applied(strong)).toBe(strong);
    const product = applyToTensors(strong, [tensor([[0, 1]]), tensor([[NaN], [2]])], {});
    expectSame(product, [2]);
  });
});
