/** Whole matrices of first and second derivatives. */
import {
  type Executor,
  Graph,
  type GraphNode,
  interpreter,
  ShapeError,
  softmax,
  Tensor,
  tensor,
  ValueError,
} from '@ad/graph';
import { tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { grad, hessian, jacobian } from '../src/index.ts';
import { fivePoint, withElement } from './support/differences.ts';

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([m, n]) => fc.tuple(tensors({ shape: [m, n] }), tensors({ shape: [n] })));

const modes = ['forward', 'reverse', 'auto'] as const;

describe('jacobian', () => {
  test.each(modes)('of a product with a matrix is the matrix, exactly: %s', (mode) => {
    const f = jacobian((x: GraphNode, A: GraphNode) => A.matmul(x), { mode });
    fc.assert(
      fc.property(matrices, ([A, x]) => {
        const plain = (t: Tensor): number[] => Array.from(t.data, (n) => n + 0);
        expect(f(x, A).shape).toEqual(A.shape);
        expect(plain(f(x, A))).toEqual(plain(A));
      }),
    );
  });

  test('forward = reverse = differences, on values and on nodes', () => {
    const f = (x: GraphNode, A: GraphNode): GraphNode =>
      A.matmul(x).tanh().mul(x.sum()).reshape([-1, 1]);
    const [columns, rows] = [jacobian(f, { mode: 'forward' }), jacobian(f, { mode: 'reverse' })];
    const value = (x: Tensor, A: Tensor): Tensor => {
      const graph = new Graph();
      return f(graph.constant(x), graph.constant(A)).tensor;
    };
    fc.assert(
      fc.property(matrices, ([A, x]) => {
        const [byColumns, byRows] = [columns(x, A), rows(x, A)];
        const shape = [A.shape[0]!, 1, x.size];
        expect([byColumns.shape, byRows.shape]).toEqual([shape, shape]);
        const graph = new Graph();
        const nodes = [columns, rows].map((each) => each(graph.constant(x), graph.constant(A)));
        for (let i = 0; i < A.shape[0]!; i++) {
          for (let j = 0; j < x.size; j++) {
            const entry = byColumns.at(i, 0, j);
            const along = (t: number): number => value(withElement(x, j, t), A).data[i]!;
            const slope = fivePoint(along, x.data[j]!, 1e-3);
            const scale = Math.max(100, Math.abs(slope));
            for (const other of [byRows, ...nodes.map((node) => node.tensor)]) {
              expect(other.shape).toEqual(shape);
              expect(Math.abs(other.at(i, 0, j) - entry)).toBeLessThanOrEqual(1e-13 * scale);
            }
            expect(Math.abs(entry - slope)).toBeLessThanOrEqual(1e-9 * scale);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test.each(modes)('has a tensor for each leaf of a tree, and takes any argument: %s', (mode) => {
    const f = (s: GraphNode, p: { a: GraphNode; b: readonly GraphNode[] }): GraphNode =>
      p.a.mul(s).add(p.b[0]!.sum());
    const result = jacobian(f, { mode, argument: 1 })(10, {
      a: tensor([1, 2]),
      b: [tensor([[3, 4, 5]]), 7],
    });
    expect(result.a.toArray()).toEqual([
      [10, 0],
      [0, 10],
    ]);
    expect(result.b[0]!.toArray()).toEqual([[[1, 1, 1]], [[1, 1, 1]]]);
    expect(result.b[1]!.toArray()).toEqual([0, 0]);
  });

  test.each(modes)('of a scalar by a scalar, and of nothing by nothing: %s', (mode) => {
    expect(jacobian((x: GraphNode) => x.square(), { mode })(3).item()).toBe(6);
    const none = new Tensor([0, 2], 'real', new Float64Array(0));
    expect(jacobian((x: GraphNode) => x.square(), { mode })(none).shape).toEqual([0, 2, 0, 2]);
    const node = new Graph().constant(none);
    expect(jacobian((x: GraphNode) => x.square(), { mode })(node).tensor.shape).toEqual([
      0, 2, 0, 2,
    ]);
    expect(jacobian((x: GraphNode) => x.sum(), { mode })(none).shape).toEqual([0, 2]);
    expect(
      jacobian((x: GraphNode) => x.graph.constant(5), { mode })(tensor([1, 2])).toArray(),
    ).toEqual([0, 0]);
  });

  test.each(modes)('later calls are not disturbed by earlier ones: %s', (mode) => {
    const f = jacobian((x: GraphNode) => x.square(), { mode });
    const first = f(tensor([1, 2]));
    const second = f(tensor([3, 4]));
    expect(first.toArray()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(second.toArray()).toEqual([
      [6, 0],
      [0, 8],
    ]);
  });

  describe('by one program', () => {
    const outputs = (n: number, m: number): readonly GraphNode[] => {
      const executor = vi.fn<Executor>(interpreter);
      const f = jacobian((x: GraphNode) => x.graph.constant(weights(m, n)).matmul(x).sin(), {
        executor,
      });
      f(new Float64Array(n));
      f(new Float64Array(n));
      expect(executor).toHaveBeenCalledTimes(1);
      return executor.mock.calls[0]![0].outputs;
    };
    const weights = (m: number, n: number): Tensor =>
      new Tensor([m, n], 'real', new Float64Array(m * n).fill(1));

    test('of all columns when the argument is smaller, of all rows when the result is', () => {
      expect(outputs(3, 5).map(({ shape }) => shape)).toEqual([[3, 5]]);
      expect(outputs(4, 4).map(({ shape }) => shape)).toEqual([[4, 4]]);
      expect(outputs(5, 3).map(({ shape }) => shape)).toEqual([[3, 5]]);
      const directions = (n: number, m: number): unknown =>
        outputs(n, m)[0]!.graph.find('direction0').shape;
      expect(directions(5, 3)).toEqual([3, 3]);
      expect(directions(3, 5)).toEqual([3, 3]);
      expect(directions(4, 4)).toEqual([4, 4]);
    });

    test('the graph does not grow with the dimension', () => {
      expect(outputs(50, 60)[0]!.graph.nodeCount).toBe(outputs(5, 6)[0]!.graph.nodeCount);
      expect(outputs(60, 50)[0]!.graph.nodeCount).toBe(outputs(6, 5)[0]!.graph.nodeCount);
    });
  });

  test.each(modes)('many directions are taken in several runs of one program: %s', (mode) => {
    // Arrays of 1000 x 100 elements are too large for all directions at once.
    const f = (x: GraphNode): GraphNode =>
      x
        .mul(
          tensor(
            Float64Array.from({ length: 1000 }, (_, i) => i + 1),
            { shape: [1000, 1] },
          ),
        )
        .sum({ axes: 0 })
        .mul(x);
    const x = tensor(Float64Array.from({ length: 100 }, (_, i) => i));
    const result = jacobian(f, { mode })(x);
    // The sum of 1 to 1000 times x^2.
    const expected = Array.from({ length: 100 }, (_, i) => 2 * 500_500 * i);
    expect(expected.map((_, i) => result.at(i, i))).toEqual(expected);
    expect(result.data.filter((value) => value !== 0).length).toBe(99);
  });

  test('of a tree of results has a tree of blocks for each', () => {
    const f = ({ a, b }: { a: GraphNode; b: GraphNode }) => ({
      product: a.mul(b),
      rest: [a.sum(), b.graph.constant(1)] as const,
    });
    for (const mode of modes) {
      const { product, rest } = jacobian(f, { mode })({ a: tensor([1, 2]), b: 3 });
      expectTypeOf(rest[1].b).toEqualTypeOf<Tensor>();
      expect([product.a, product.b].map((each) => each.toArray())).toEqual([
        [
          [3, 0],
          [0, 3],
        ],
        [1, 2],
      ]);
      expect(rest.map(({ a, b }) => [a.toArray(), b.toArray()])).toEqual([
        [[1, 1], 0],
        [[0, 0], 0],
      ]);
    }
    expect(() => jacobian((_: GraphNode) => [])(1)).toThrow(/a tree without nodes/);
  });

  test.each(modes)(
    'of trees is the same on nodes, with leaves without elements, too: %s',
    (mode) => {
      interface Leaves<T> {
        readonly none: T;
        readonly a: T;
        readonly b: T;
      }
      const f = ({ none, a, b }: Leaves<GraphNode>): Leaves<GraphNode> => ({
        none: none.mul(b),
        a: a.mul(b),
        b: b.square(),
      });
      const values: Leaves<Tensor> = {
        none: tensor(new Float64Array(0)),
        a: tensor([1, 2]),
        b: tensor(3),
      };
      const graph = new Graph();
      const [none, a, b] = [values.none, values.a, values.b].map((value) => graph.constant(value));
      const onValues = jacobian(f, { mode })(values);
      const onNodes = jacobian(f, { mode })({ none: none!, a: a!, b: b! });
      const expected: Leaves<Leaves<[shape: number[], data: number[]]>> = {
        none: { none: [[0, 0], []], a: [[0, 2], []], b: [[0], []] },
        a: { none: [[2, 0], []], a: [[2, 2], [3, 0, 0, 3]], b: [[2], [1, 2]] }, // prettier-ignore
        b: { none: [[0], []], a: [[2], [0, 0]], b: [[], [6]] },
      };
      for (const i of ['none', 'a', 'b'] as const) {
        for (const j of ['none', 'a', 'b'] as const) {
          for (const { shape, data } of [onValues[i][j], onNodes[i][j].tensor]) {
            expect([shape, Array.from(data)], `${i} ${j}`).toEqual(expected[i][j]);
          }
        }
      }
    },
  );

  test('there is no other mode', () => {
    expect(() => jacobian((x: GraphNode) => x, { mode: 'backward' as 'reverse' })).toThrow(
      ValueError,
    );
    expect(() => jacobian((x: GraphNode) => x, { mode: 'backward' as 'reverse' })).toThrow(
      /is backward, expected auto, forward or reverse/,
    );
  });
});

describe('hessian', () => {
  test('of a quadratic form is twice its symmetric part, exactly', () => {
    const f = hessian((x: GraphNode, A: GraphNode) => A.matmul(x).mul(x).sum());
    const squares = fc
      .integer({ min: 1, max: 4 })
      .chain((n) => fc.tuple(tensors({ shape: [n, n] }), tensors({ shape: [n] })));
    fc.assert(
      fc.property(squares, ([A, x]) => {
        const result = f(x, A);
        for (let i = 0; i < x.size; i++) {
          for (let j = 0; j < x.size; j++)
            expect(result.at(i, j)).toBe(A.at(i, j) + A.at(j, i) + 0);
        }
      }),
    );
  });

  test('is symmetric and the slope of the gradient, on values and on nodes', () => {
    const f = (x: GraphNode): GraphNode =>
      x.sin().mul(x.sum().exp()).add(softmax(x)).square().sum();
    const [second, first] = [hessian(f), grad(f)];
    fc.assert(
      fc.property(tensors({ shape: [3], max: 1 }), (x) => {
        const result = second(x);
        const nodes = second(new Graph().constant(x)).tensor;
        const scale = Math.max(100, ...result.data);
        for (let i = 0; i < 3; i++) {
          for (let j = 0; j < 3; j++) {
            const along = (t: number): number => first(withElement(x, j, t)).data[i]!;
            expect(Math.abs(result.at(i, j) - result.at(j, i))).toBeLessThanOrEqual(1e-13 * scale);
            expect(Math.abs(result.at(i, j) - nodes.at(i, j))).toBeLessThanOrEqual(1e-13 * scale);
            const slope = fivePoint(along, x.data[j]!, 5e-4);
            expect(Math.abs(result.at(i, j) - slope)).toBeLessThanOrEqual(1e-7 * scale);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('has a tensor for each pair of leaves', () => {
    const f = ({ a, b }: { a: GraphNode; b: readonly GraphNode[] }): GraphNode =>
      a.mul(b[0]!).sum().mul(b[0]!);
    const result = hessian(f)({ a: tensor([1, 2]), b: [5] });
    expect(result.a.a.toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(result.a.b[0]!.toArray()).toEqual([10, 10]);
    expect(result.b[0]!.a.toArray()).toEqual([10, 10]);
    expect(result.b[0]!.b[0]!.item()).toBe(6);
  });

  test('is the Jacobian of the gradient, and nests', () => {
    const f = (x: GraphNode): GraphNode => x.pow(3).sum();
    const x = tensor([1, 2]);
    expect(jacobian(grad(f))(x).toArray()).toEqual(hessian(f)(x).toArray());
    expect(jacobian(hessian(f) as (y: GraphNode) => GraphNode)(x).toArray()).toEqual([
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 6],
      ],
    ]);
  });

  test('of an array is refused', () => {
    expect(() => hessian((x: GraphNode) => x.square())(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => hessian((x: GraphNode) => x.square())(tensor([1, 2]))).toThrow(
      /hessian: .* expected a scalar/,
    );
  });
});

test('types follow the argument', () => {
  const f = (p: { w: GraphNode; b: readonly GraphNode[] }): GraphNode => p.w.mul(p.b[0]!).sum();
  const at = { w: Float64Array.of(1), b: [2, tensor([3])] };
  expectTypeOf(jacobian(f)(at).w).toEqualTypeOf<Tensor>();
  expectTypeOf(jacobian(f)(at).b).toEqualTypeOf<Tensor[]>();
  expectTypeOf(hessian(f)(at).w.b).toEqualTypeOf<Tensor[]>();
  const x = new Graph().constant(1);
  expectTypeOf(jacobian(f)({ w: x, b: [x] }).w).toEqualTypeOf<GraphNode>();
  expectTypeOf(jacobian((y: GraphNode) => y)(2)).toEqualTypeOf<Tensor>();
  // @ts-expect-error a leaf is missing
  expect(() => jacobian(f)({ w: 1 })).toThrow(TypeError);
});
