/**
 * Sparse matrices of derivatives: equal to the dense ones, on patterns that leave out nothing, with exactly as many
 * sweeps as the pattern allows.
 */
import {
  concat,
  cumSum,
  flip,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  interpreter,
  max,
  pad,
  prod,
  scatterAdd,
  ShapeError,
  sign,
  slice,
  Tensor,
  tensor,
  toInteger,
  ValueError,
  where,
} from '@ad/graph';
import { tensorGraphs, tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  grad,
  hessian,
  jacobian,
  type SparseMatrix,
  sparseHessian,
  sparseJacobian,
  sparsityPattern,
  type SparsityPattern,
  vmap,
} from '../../src/index.ts';
import { colorSymmetric } from '../../src/sparse/coloring.ts';
import { symmetric } from '../../src/sparse/pattern.ts';

/** The matrix as a dense one, row-major. */
function denseOf({ shape: [m, n], rowStarts, columns, values }: SparseMatrix): number[] {
  const dense = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i++) {
    for (let e = rowStarts[i]!; e < rowStarts[i + 1]!; e++) dense[i * n + columns[e]!] = values[e]!;
  }
  return dense;
}

function expectClose(actual: readonly number[], expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const far = actual.filter((x, i) => !(Math.abs(x - expected[i]!) <= 1e-11 * scale));
  expect(far).toEqual([]);
}

const rowsOf = ({ rowStarts, columns }: SparsityPattern): number[][] =>
  Array.from(rowStarts.subarray(1), (end, i) => Array.from(columns.subarray(rowStarts[i], end)));

/** A square pattern from the columns in each row. */
function patternFrom(size: number, columnsOf: (row: number) => readonly number[]): SparsityPattern {
  const rows = Array.from({ length: size }, (_, i) => columnsOf(i));
  let end = 0;
  return {
    shape: [size, size],
    rowStarts: Int32Array.from([0, ...rows.map(({ length }) => (end += length))]),
    columns: Int32Array.from(rows.flat()),
  };
}

/** Neighbors of a vector: all but the last, all but the first. */
const head = (x: GraphNode, k = 1): GraphNode => slice(x, [{ end: -k }]);
const tail = (x: GraphNode, k = 1): GraphNode => slice(x, [{ start: k }]);
const ramp = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => 0.5 + i / n);

/** Any array of a random graph as a function of the first input and of the others. */
const cases = fc
  .record({
    recipe: tensorGraphs({ maxSteps: 8 }),
    which: fc.nat(),
    mode: fc.constantFrom('auto', 'forward', 'reverse'),
  })
  .map(({ recipe, which, mode }) => {
    const [x, ...others] = recipe.values as [Tensor, ...Tensor[]];
    const arraysOf = (node: GraphNode): GraphNode[] => {
      const inputs = [node, ...others.map((other) => node.graph.constant(other))];
      return recipe.on(inputs).filter(({ kind }) => kind === 'real');
    };
    const f = (node: GraphNode): GraphNode => {
      const arrays = arraysOf(node);
      return arrays[which % arrays.length]!;
    };
    const toString = (): string => `element ${which} of the real arrays of\n${String(recipe)}`;
    return { x, f, mode, toString } as const;
  });

describe('is the dense matrix', () => {
  test('of Jacobians of random graphs, in every mode', () => {
    fc.assert(
      fc.property(cases, ({ x, f, mode }) => {
        const sparse = sparseJacobian(f, { mode })(x);
        expectClose(denseOf(sparse), jacobian(f)(x).data);
        expect(['auto', sparse.mode]).toContain(mode);
        const { shape, rowStarts, columns } = sparsityPattern(f)(x);
        expect({ shape, rowStarts, columns }).toEqual({
          shape: sparse.shape,
          rowStarts: sparse.rowStarts,
          columns: sparse.columns,
        });
      }),
    );
  });

  test('of Hessians of random graphs', () => {
    fc.assert(
      fc.property(cases, ({ x, f }) => {
        const scalar = (node: GraphNode): GraphNode => f(node).sum();
        const sparse = sparseHessian(scalar)(x);
        expectClose(denseOf(sparse), hessian(scalar)(x).data);
      }),
    );
  });

  /** A symmetric matrix with random entries, and on its diagonal. */
  const symmetricMatrices = fc.integer({ min: 1, max: 9 }).chain((n) =>
    fc
      .array(
        fc.tuple(fc.nat({ max: n - 1 }), fc.nat({ max: n - 1 }), fc.integer({ min: 1, max: 9 })),
        {
          maxLength: 2 * n,
        },
      )
      .map((triples) => ({ n, triples })),
  );

  test('exactly, of quadratic functions with random terms', () => {
    fc.assert(
      fc.property(symmetricMatrices, ({ n, triples }) => {
        const expected = new Array<number>(n * n).fill(0);
        for (const [i, j, a] of triples) {
          expected[i * n + j]! += a;
          expected[j * n + i]! += a;
        }
        const at = (x: GraphNode, which: 0 | 1): GraphNode =>
          gather(
            x,
            x.graph.constant(
              tensor(
                triples.map((triple) => triple[which]),
                { kind: 'integer', shape: [triples.length] },
              ),
            ),
          );
        const weights = tensor(
          triples.map(([, , a]) => a),
          { shape: [triples.length] },
        );
        const f = (x: GraphNode): GraphNode => at(x, 0).mul(at(x, 1)).mul(weights).sum();
        const result = sparseHessian(f)(ramp(n));
        expect(denseOf(result)).toEqual(expected);
        // Nothing is left over.
        expect(result.values.every((value) => value !== 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('takes as many sweeps as the pattern allows', () => {
  const tridiagonal = (x: GraphNode): GraphNode => {
    const middle = slice(x, [{ start: 1, end: -1 }]);
    const inner = head(x, 2).mul(tail(x, 2)).add(middle.square());
    return concat([
      prod(slice(x, [{ end: 2 }])).reshape([1]),
      inner,
      prod(slice(x, [{ start: -2 }])).reshape([1]),
    ]);
  };

  test('three for a tridiagonal Jacobian of any size', () => {
    for (const n of [3, 4, 5, 100]) {
      const { sweeps, columns } = sparseJacobian(tridiagonal)(ramp(n));
      expect([sweeps, columns.length]).toEqual([3, 3 * n - 2]);
    }
  });

  test('the width of a band', () => {
    const n = 60;
    for (const width of [1, 2, 5]) {
      const band = (x: GraphNode): GraphNode =>
        Array.from({ length: width }, (_, k) =>
          slice(x, [{ start: k, end: n - width + 1 + k }]),
        ).reduce((a, b) => a.mul(b));
      expect(sparseJacobian(band)(ramp(n)).sweeps).toBe(width);
    }
  });

  test('the size of a block', () => {
    const blocks = (x: GraphNode): GraphNode => {
      const rows = x.reshape([20, 4]);
      return rows.mul(rows.sum({ axes: 1, keepDims: true }));
    };
    const { sweeps, columns } = sparseJacobian(blocks)(ramp(80));
    expect([sweeps, columns.length]).toEqual([4, 20 * 16]);
    expect(sparseHessian((x: GraphNode) => blocks(x).sum())(ramp(80)).sweeps).toBe(4);
  });

  test('two reverse sweeps for a full row and a diagonal', () => {
    const f = (x: GraphNode): GraphNode => concat([x.square().sum().reshape([1]), tail(x)]);
    const { sweeps, mode } = sparseJacobian(f)(ramp(50));
    expect([sweeps, mode]).toEqual([2, 'reverse']);
    expect(sparseJacobian(f, { mode: 'forward' })(ramp(50)).sweeps).toBe(50);
  });

  test('two forward sweeps for a full column and a diagonal', () => {
    const f = (x: GraphNode): GraphNode => x.mul(slice(x, [{ end: 1 }]));
    const { sweeps, mode } = sparseJacobian(f)(ramp(50));
    expect([sweeps, mode]).toEqual([2, 'forward']);
  });

  test('Hessians: one for a diagonal, two for an arrow, three for a tridiagonal matrix', () => {
    const of = (f: (x: GraphNode) => GraphNode): number => sparseHessian(f)(ramp(50)).sweeps;
    expect(of((x) => x.sin().sum())).toBe(1);
    expect(
      of((x) =>
        slice(x, [{ start: -1 }])
          .mul(x.square())
          .sum(),
      ),
    ).toBe(2);
    expect(of((x) => head(x).mul(tail(x)).sum())).toBe(3);
    expect(of((x) => x.mul(3).sum())).toBe(0);
    expect(of((x) => x.sum().square())).toBe(50);
  });

  test('of a hundred thousand variables', () => {
    const n = 100_000;
    const rosenbrock = (x: GraphNode): GraphNode =>
      tail(x).sub(head(x).square()).square().mul(100).add(head(x).sub(1).square()).sum();
    const x = ramp(n);
    const result = sparseHessian(rosenbrock)(x);
    expect([result.sweeps, result.values.length]).toEqual([3, 3 * n - 2]);
    // d2/dx_i^2 = 1200 x_i^2 - 400 x_(i+1) + 2 + 200, d2/dx_i dx_(i+1) = -400 x_i.
    const i = 12_345;
    const row = Array.from(result.values.subarray(result.rowStarts[i], result.rowStarts[i + 1]));
    const expected = [-400 * x[i - 1]!, 1200 * x[i]! ** 2 - 400 * x[i + 1]! + 202, -400 * x[i]!];
    expectClose(row, expected);
    expect(sparseJacobian(tridiagonal)(x).sweeps).toBe(3);
  });
});

describe('of random sparse matrices', () => {
  /** A matrix by its entries, each place at most once. */
  const matrices = fc
    .record({ m: fc.integer({ min: 1, max: 9 }), n: fc.integer({ min: 2, max: 9 }) })
    .chain(({ m, n }) =>
      fc
        .uniqueArray(fc.nat({ max: m * n - 1 }), { maxLength: 3 * Math.min(m, n) })
        .map((places) => ({ m, n, places: [...places].sort((a, b) => a - b) })),
    );
  /** x to half of the squares of x, times the matrix: the derivative of an entry in column j is x_j. */
  const product =
    (m: number, n: number, places: readonly number[]) =>
    (x: GraphNode): GraphNode => {
      const constant = (data: number[]): GraphNode =>
        x.graph.constant(tensor(data, { kind: 'integer', shape: [data.length] }));
      const [rows, columns] = [places.map((e) => Math.floor(e / n)), places.map((e) => e % n)];
      return scatterAdd(gather(x.square().mul(0.5), constant(columns)), constant(rows), m);
    };

  test('the Jacobian by the fewer sweeps of forward and reverse mode', () => {
    fc.assert(
      fc.property(matrices, ({ m, n, places }) => {
        const f = product(m, n, places);
        const x = ramp(n);
        const [auto, forward, reverse] = (['auto', 'forward', 'reverse'] as const).map((mode) =>
          sparseJacobian(f, { mode })(x),
        );
        const expected = new Array<number>(m * n).fill(0);
        for (const e of places) expected[e] = x[e % n]!;
        for (const each of [auto!, forward!, reverse!]) expect(denseOf(each)).toEqual(expected);
        expect(auto!.sweeps).toBe(Math.min(forward!.sweeps, reverse!.sweeps));
      }),
      { numRuns: 60 },
    );
  });

  test('an argument and a result in parts are as in one', () => {
    fc.assert(
      fc.property(matrices, fc.nat(), fc.nat(), ({ m, n, places }, i, j) => {
        const [row, column] = [i % (m + 1), j % (n + 1)];
        const f = product(m, n, places);
        const parts = ({ a, b }: { a: GraphNode; b: GraphNode }): GraphNode[] => {
          const y = f(concat([a, b], 0));
          return [slice(y, [{ end: row }]), slice(y, [{ start: row }])];
        };
        const x = ramp(n);
        const inParts = { a: x.slice(0, column), b: x.slice(column) };
        for (const mode of ['forward', 'reverse'] as const)
          expect(sparseJacobian(parts, { mode })(inParts)).toEqual(sparseJacobian(f, { mode })(x));
      }),
      { numRuns: 30 },
    );
  });

  test('the parts of an argument have the colors of the whole', () => {
    // Rows [1, 10, 0] and [0, 0, 1]: the last column has the color of the first.
    const f = ({ a, b }: { a: GraphNode; b: GraphNode }): GraphNode =>
      concat([a.mul(tensor([1, 10])).sum().reshape([1]), b], 0); // prettier-ignore
    const x = { a: tensor([2, 3]), b: tensor([4]) };
    const result = sparseJacobian(f, { mode: 'forward' })(x);
    expect([result.sweeps, denseOf(result)]).toEqual([2, [1, 10, 0, 0, 0, 1]]);
  });

  test('the other mode is taken where the fullest row misleads', () => {
    // No row or column has more than two entries, but no two of the columns 0, 1, 3 go together.
    const places = [2, 3, 5, 7, 8, 14, 16, 17];
    const f = product(5, 4, places);
    expect(sparseJacobian(f, { mode: 'forward' })(ramp(4)).sweeps).toBe(3);
    const result = sparseJacobian(f)(ramp(4));
    expect([result.mode, result.sweeps]).toEqual(['reverse', 2]);
    const x = ramp(4);
    const expected = new Array<number>(20).fill(0);
    for (const e of places) expected[e] = x[e % 4]!;
    expect(denseOf(result)).toEqual(expected);
  });

  test('a coloring of a symmetric matrix tells every entry from the others', () => {
    const graphs = fc
      .integer({ min: 1, max: 9 })
      .chain((n) =>
        fc
          .array(fc.tuple(fc.nat({ max: n - 1 }), fc.nat({ max: n - 1 })), { maxLength: 2 * n })
          .map((edges) => ({ n, edges })),
      );
    fc.assert(
      fc.property(graphs, ({ n, edges }) => {
        const columnsOf = (i: number): number[] => {
          const all = edges.flatMap(([a, b]) => (a === i ? [b] : b === i ? [a] : []));
          return [...new Set(all)].sort((a, b) => a - b);
        };
        const { colors, count } = colorSymmetric(patternFrom(n, columnsOf));
        expect(Math.max(-1, ...colors)).toBe(count - 1);
        const isAlone = (i: number, j: number): boolean =>
          columnsOf(i).every((k) => k === j || colors[k] !== colors[j]);
        for (let i = 0; i < n; i++) {
          const columns = columnsOf(i);
          expect(colors[i] === -1).toBe(columns.length === 0);
          for (const j of columns) expect(isAlone(i, j) || isAlone(j, i)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('an entry is symmetric where its mirror is one, too', () => {
    fc.assert(
      fc.property(matrices, ({ m, n, places }) => {
        const size = Math.max(m, n);
        const entries = places.map((e): [number, number] => [Math.floor(e / n), e % n]);
        const inRow = (i: number): number[] => entries.flatMap(([r, c]) => (r === i ? [c] : []));
        const pattern = patternFrom(size, inRow);
        const has = (i: number, j: number): boolean => entries.some(([r, c]) => r === i && c === j);
        const kept = patternFrom(size, (i) => inRow(i).filter((j) => has(j, i)));
        expect(symmetric(pattern)).toEqual(kept);
      }),
    );
  });
});

test('a Hessian whose first variables take no part', () => {
  // x_2 (x_1 + 10 x_3 + 100 x_4)
  const f = (x: GraphNode): GraphNode => {
    const at = (i: number): GraphNode => slice(x, [{ start: i, end: i + 1 }]);
    return at(2)
      .mul(at(1).add(at(3).mul(10)).add(at(4).mul(100)))
      .sum();
  };
  expect(denseOf(sparseHessian(f)(ramp(5)))).toEqual(
    [
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 1, 0, 10, 100],
      [0, 0, 10, 0, 0],
      [0, 0, 100, 0, 0],
    ].flat(),
  );
});

describe('patterns', () => {
  const patternOf = (f: (x: GraphNode) => GraphNode, n = 3): number[][] =>
    rowsOf(sparsityPattern(f)(ramp(n)));

  test('follow elements through layouts, indices, sums and products', () => {
    expect(patternOf((x) => flip(x, 0))).toEqual([[2], [1], [0]]);
    expect(patternOf((x) => cumSum(x, 0).mul(0.5))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    const rows = (x: GraphNode): GraphNode => x.reshape([2, 2]);
    expect(patternOf((x) => cumSum(rows(x), 1), 4)).toEqual([[0, 1], [0, 1], [2, 3], [2, 3]]); // prettier-ignore
    expect(patternOf((x) => cumSum(rows(x), 0), 4)).toEqual([[0, 2], [1, 3], [0, 2], [1, 3]]); // prettier-ignore
    // What overlaps is there once, in order.
    expect(patternOf((x) => flip(head(x).add(tail(x)), 0).sum(), 5)).toEqual([[0, 1, 2, 3, 4]]);
    expect(patternOf((x) => pad(x, [[1, 0]]))).toEqual([[], [0], [1], [2]]);
    expect(patternOf((x) => x.reshape([3, 1]).matmul(x.reshape([1, 3])))).toEqual([
      [0],
      [0, 1],
      [0, 2],
      [0, 1],
      [1],
      [1, 2],
      [0, 2],
      [1, 2],
      [2],
    ]);
    const matrix = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(patternOf((x) => x.graph.constant(matrix).matmul(x))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(patternOf((x) => max(x.reshape([3, 1]).broadcastTo([3, 2]), { axes: 1 }))).toEqual([
      [0],
      [1],
      [2],
    ]);
  });

  test('take no part of what has no derivative', () => {
    expect(patternOf((x) => where(greater(x, 0.6), x, x.graph.constant(1)))).toEqual([
      [0],
      [1],
      [2],
    ]);
    expect(patternOf((x) => sign(x))).toEqual([[], [], []]);
    expect(patternOf((x) => x.graph.constant(1))).toEqual([[]]);
  });

  test('are full where indices are not known before', () => {
    const f = (x: GraphNode, i: GraphNode): GraphNode => gather(x, i);
    const i = tensor([1, 0], { kind: 'integer' });
    expect(rowsOf(sparsityPattern(f)(ramp(3), i))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(denseOf(sparseJacobian(f)(ramp(3), i))).toEqual([0, 1, 0, 1, 0, 0]);
    // Nor where they are computed from what is not.
    const later = (x: GraphNode, k: GraphNode): GraphNode => gather(x, toInteger(k.add(k).sub(k)));
    expect(rowsOf(sparsityPattern(later)(ramp(3), i))).toEqual([[0, 1, 2], [0, 1, 2]]); // prettier-ignore
    const jacobianLater = sparseJacobian(later);
    expect(denseOf(jacobianLater(ramp(3), i))).toEqual([0, 1, 0, 1, 0, 0]);
    expect(denseOf(jacobianLater(ramp(3), Int32Array.of(2, 2)))).toEqual([0, 0, 1, 0, 0, 1]);
    const scatter = (x: GraphNode, at: GraphNode): GraphNode => scatterAdd(x, at, 2);
    expect(rowsOf(sparsityPattern(scatter)(ramp(2), i))).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('know indices that are computed from constants, as by vmap', () => {
    const pick = (x: GraphNode, i: GraphNode): GraphNode => gather(x, i);
    const f = (x: GraphNode): GraphNode =>
      vmap(pick)(x.reshape([2, 2]), x.graph.constant(tensor([1, 0], { kind: 'integer' })));
    expect(rowsOf(sparsityPattern(f)(ramp(4)))).toEqual([[1], [2]]);
    expect(sparseHessian((x: GraphNode) => f(x).square().sum())(ramp(4)).sweeps).toBe(1);
  });
});

describe('calls', () => {
  test('trees of arguments and results are counted through', () => {
    const f = ({ a, b }: { a: GraphNode; b: readonly [GraphNode] }) => ({
      first: a.mul(b[0]),
      second: [b[0].square()] as const,
    });
    const result = sparseJacobian(f)({ a: tensor([1, 2]), b: [tensor([3, 4])] });
    expect(result.shape).toEqual([4, 4]);
    expect(rowsOf(sparsityPattern(f)({ a: tensor([1, 2]), b: [tensor([3, 4])] }))).toEqual(
      rowsOf(result),
    );
    // Where both take as many sweeps: forward.
    expect([result.mode, result.sweeps]).toEqual(['forward', 2]);
    expect(denseOf(result)).toEqual([3, 0, 1, 0, 0, 4, 0, 2, 0, 0, 6, 0, 0, 0, 0, 8]);
    expect(
      denseOf(sparseJacobian(f, { mode: 'reverse' })({ a: tensor([1, 2]), b: [tensor([3, 4])] })),
    ).toEqual(denseOf(result));
    const second = sparseHessian((p: { a: GraphNode; b: GraphNode }) => p.a.mul(p.b).sum());
    expect(denseOf(second({ a: 2, b: tensor([3, 4]) }))).toEqual([0, 1, 1, 1, 0, 0, 1, 0, 0]);
  });

  test('another argument, and the pattern and the program are made once', () => {
    const executor = vi.fn(interpreter);
    const f = vi.fn((c: GraphNode, x: GraphNode) => x.square().mul(c));
    const derivative = sparseJacobian(f, { argument: 1, executor });
    expect([...derivative(3, tensor([1, 2])).values]).toEqual([6, 12]);
    expect([...derivative(4, tensor([1, 3])).values]).toEqual([8, 24]);
    expect([f.mock.calls.length, executor.mock.calls.length]).toEqual([1, 1]);
  });

  test('on nodes give nodes, so entries can be differentiated', () => {
    // The slope of the sum of all second derivatives of sum x^3 is 6 for each element.
    const f = grad((x: GraphNode) =>
      sparseHessian((y: GraphNode) => y.pow(3).sum())(x).values.sum(),
    );
    expect(f(tensor([1, 2])).toArray()).toEqual([6, 6]);
    const x = new Graph().constant([1, 2]);
    expectTypeOf(sparseJacobian((y: GraphNode) => y)(x).values).toEqualTypeOf<GraphNode>();
  });

  test('without elements', () => {
    const none = new Tensor([0], 'real', new Float64Array(0));
    const { shape, sweeps, values } = sparseJacobian((x: GraphNode) => x.square())(none);
    expect([shape, sweeps, values.length]).toEqual([[0, 0], 0, 0]);
  });

  test('errors are those of the dense transforms', () => {
    const f = (x: GraphNode): GraphNode => x.square();
    expect(() => sparseJacobian(f, { mode: 'both' as 'auto' })).toThrow(ValueError);
    expect(() => sparseHessian(((x: GraphNode) => [x.sum()]) as never)(ramp(2))).toThrow(
      GraphError,
    );
    expect(() => sparseHessian(f)(ramp(2))).toThrow(ShapeError);
    expect(() => sparseHessian(f)(ramp(2))).toThrow(/sparseHessian: .* expected a scalar/);
    expect(() => sparsityPattern(f, { argument: 1 })(ramp(2))).toThrow(/argument 1 does not exist/);
  });

  test('tensors of any rank', () => {
    fc.assert(
      fc.property(tensors({ shape: [2, 3] }), (x) => {
        const f = (y: GraphNode): GraphNode => y.transpose().matmul(y);
        expectClose(denseOf(sparseJacobian(f)(x)), jacobian(f)(x).data);
      }),
      { numRuns: 10 },
    );
  });
});
