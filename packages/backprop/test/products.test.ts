/** Products with derivatives of plain functions: jvp, vjp, hvp. */
import {
  type Executor,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  interpreter,
  KindError,
  ShapeError,
  softmax,
  Tensor,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import { tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { grad, hvp, jvp, vjp } from '../src/index.ts';
import { fivePoint } from './support/differences.ts';

const matrix = tensor([
  [1, -2, 3],
  [0.5, 4, -1],
]);

/** Functions of a vector of three with derivatives up to some tens. */
const functions: readonly (readonly [string, (x: GraphNode) => GraphNode])[] = [
  ['a product with a matrix', (x) => x.graph.constant(matrix).matmul(x)],
  ['a layer', (x) => x.graph.constant(matrix).matmul(x).tanh()],
  ['softmax', (x) => softmax(x)],
  ['an outer product', (x) => x.reshape([3, 1]).mul(x)],
  ['a scalar', (x) => x.square().sum().add(1).log()],
  ['a choice', (x) => where(greater(x, 0.1), x.exp(), x.mul(-2))],
  ['something constant', (x) => x.graph.constant(matrix)],
];

const vectors = tensors({ shape: [3] });

function inner(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.size; i++) sum += a.data[i]! * b.data[i]!;
  return sum;
}

/** A tensor of a shape with small different elements. */
function weights(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(
    shape,
    'real',
    Float64Array.from({ length: size }, (_, i) => ((5 * i) % 7) / 4 - 0.6),
  );
}

function moved(x: Tensor, u: Tensor, t: number): Tensor {
  return new Tensor(
    x.shape,
    'real',
    Float64Array.from(x.data, (xi, i) => xi + t * u.data[i]!),
  );
}

describe.each(functions)('of %s', (_name, f) => {
  test('<v, jvp u> = <vjp v, u>, and both have the value of the function', () => {
    const [forward, reverse] = [jvp(f), vjp(f)];
    fc.assert(
      fc.property(vectors, vectors, (x, u) => {
        const { value, tangent } = forward([x], [u]);
        const back = reverse(x);
        expect(back.value.toArray()).toEqual(value.toArray());
        expect(tangent.shape).toEqual(value.shape);
        const v = weights(value.shape);
        const slopes = back.pullback(v.shape.length === 0 ? v.item() : v);
        expect(slopes.shape).toEqual([3]);
        const [left, right] = [inner(v, tangent), inner(slopes, u)];
        expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(left)));
      }),
    );
  });

  test('jvp is the slope along the tangent', () => {
    const forward = jvp(f);
    const away = vectors.filter(({ data }) => data.every((x) => Math.abs(x - 0.1) > 0.02));
    fc.assert(
      fc.property(away, vectors, (x, u) => {
        const { value, tangent } = forward([x], [u]);
        const v = weights(value.shape);
        const along = (t: number): number => inner(v, forward([moved(x, u, t)], [u]).value);
        const slope = fivePoint(along, 0, 1e-3);
        const scale = Math.max(10, Math.abs(slope), Math.abs(along(0)));
        expect(Math.abs(inner(v, tangent) - slope)).toBeLessThanOrEqual(1e-8 * scale);
      }),
      { numRuns: 30 },
    );
  });

  test('on nodes they give the same numbers', () => {
    const [x, u] = [tensor([0.5, -1, 2]), tensor([1, 0.25, -3])];
    const graph = new Graph();
    const [nodeX, nodeU] = [graph.input('x', { value: x }), graph.input('u', { value: u })];
    const { value, tangent } = jvp(f)([nodeX], [nodeU]);
    const expected = jvp(f)([x], [u]);
    const close = (a: Tensor, b: Tensor): void => {
      expect(a.shape).toEqual(b.shape);
      a.data.forEach((each, i) => expect(Math.abs(each - b.data[i]!)).toBeLessThan(1e-13));
    };
    close(value.tensor, expected.value);
    close(tangent.tensor, expected.tangent);
    const v = weights(value.shape);
    const back = vjp(f)(nodeX);
    close(back.value.tensor, expected.value);
    close(back.pullback(graph.constant(v)).tensor, vjp(f)(x).pullback(v));
    // Values pulled back by a node, and nodes by a value.
    close(vjp(f)(x).pullback(graph.constant(v)).tensor, vjp(f)(x).pullback(v));
    close(back.pullback(v).tensor, vjp(f)(x).pullback(v));
  });
});

describe('jvp', () => {
  const f = (p: { w: GraphNode; b: readonly GraphNode[] }, x: GraphNode, i: GraphNode): GraphNode =>
    gather(p.w.mul(x).add(p.b[0]!), i).square();
  const p = { w: tensor([1, 2]), b: [3] };
  const labels = Int32Array.of(1, 0, 1);

  test('moves trees, and any of the arguments', () => {
    const { value, tangent } = jvp(f)([p, 2, labels], [{ b: [10], w: tensor([1, 0]) }]);
    expect(value.toArray()).toEqual([49, 25, 49]);
    expect(tangent.toArray()).toEqual([140, 120, 140]);
    expect(jvp(f)([p, 2, labels], [undefined, 1]).tangent.toArray()).toEqual([28, 10, 28]);
    expect(jvp(f)([p, 2, labels], [{ b: [10], w: tensor([1, 0]) }, 1]).tangent.toArray()).toEqual([
      168, 130, 168,
    ]);
    expect(jvp(f)([p, 2, labels], []).tangent.toArray()).toEqual([0, 0, 0]);
  });

  test('is traced once for all values of the same shapes and the same choice of tangents', () => {
    const g = vi.fn<(x: GraphNode, y: GraphNode) => GraphNode>((x, y) => x.mul(y));
    const executor = vi.fn<Executor>(interpreter);
    const product = jvp(g, { executor });
    expect(product([2, 3], [1, 10]).tangent.item()).toBe(23);
    expect(product([5, 7], [1, 10]).tangent.item()).toBe(57);
    expect([g, executor].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(product([5, 7], [1]).tangent.item()).toBe(7);
    expect([g, executor].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
  });

  test('a function that looks at values may branch on them', () => {
    const g = jvp((x: GraphNode) => (x.value > 0 ? x.square() : x.neg()));
    expect([3, -3, 4].map((x) => g([x], [1]).tangent.item())).toEqual([6, -1, 8]);
  });

  test('what does not fit is named', () => {
    const call = (tangents: unknown): unknown => jvp(f)([p, 2, labels], tangents as []);
    expect(() => call([{ w: tensor([1, 0]) }])).toThrow(ValueError);
    expect(() => call([{ w: tensor([1, 0]) }])).toThrow(
      /tangent of argument 0 at \.b\[0\] is missing/,
    );
    expect(() => call([{ w: tensor([1, 0]), b: [1], c: 1 }])).toThrow(
      /has \.c, which the argument has not/,
    );
    expect(() => jvp((_: object, x: GraphNode) => x)([{}, 1], [1 as never, 1])).toThrow(
      /argument 0 has a single value, which the argument has not/,
    );
    expect(() => call([{ w: 1, b: [1] }])).toThrow(ShapeError);
    expect(() => call([{ w: 1, b: [1] }])).toThrow(/at \.w has shape \[\] .*expected \[2\]/);
    expect(() => call([undefined, undefined, Int32Array.of(1, 1, 1)])).toThrow(KindError);
    expect(() => call([1, 2, 3, 4])).toThrow(/list of arguments and a list of as many tangents/);
    expect(() => call(1)).toThrow(ValueError);
    for (const result of [3, null, undefined, 'x', {}, [1]]) {
      expect(() => jvp((() => result) as never)([1], [1])).toThrow(GraphError);
    }
    expect(() => jvp((x: GraphNode) => greater(x, 0))([1], [1])).toThrow(KindError);
  });
});

describe('vjp', () => {
  test('takes cotangents back to any argument, in its form and types', () => {
    const f = (p: { w: GraphNode; b: GraphNode }, x: GraphNode): GraphNode => p.w.mul(x).add(p.b);
    const at = [{ w: Float32Array.of(1, 2), b: 3 }, tensor([4, 5])] as const;
    const { value, pullback } = vjp(f)(...at);
    expect(value.toArray()).toEqual([7, 13]);
    expect(pullback(Float64Array.of(1, 10))).toEqual({ w: Float32Array.of(4, 50), b: 11 });
    expect(pullback(tensor([0, 1]))).toEqual({ w: Float32Array.of(0, 5), b: 1 });
    const other = vjp(f, { argument: 1 })(...at);
    expect(other.pullback(tensor([1, 10])).toArray()).toEqual([1, 20]);
  });

  test('is linear in the cotangent, exactly, and of zero exactly zero', () => {
    const { pullback } = vjp((x: GraphNode) => x.graph.constant(matrix).matmul(x.square()))(
      tensor([1, 2, 3]),
    );
    const cotangents = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(cotangents, cotangents, (a, b) => {
        const [ofA, ofB] = [pullback(tensor(a)), pullback(tensor(b))];
        const sum = pullback(tensor(a.map((x, i) => 2 * x - 3 * b[i]!)));
        expect(Array.from(sum.data, (x) => x + 0)).toEqual(
          Array.from(ofA.data, (x, i) => 2 * x - 3 * ofB.data[i]! + 0),
        );
      }),
    );
    expect(Array.from(pullback(tensor([0, 0])).data, (x) => x + 0)).toEqual([0, 0, 0]);
  });

  test('a pullback stays good after later calls', () => {
    const f = vjp((x: GraphNode) => x.square());
    const [first, second] = [f(tensor([1, 2])), f(tensor([3, 4]))];
    expect(first.pullback(tensor([1, 1])).toArray()).toEqual([2, 4]);
    expect(second.pullback(tensor([1, 1])).toArray()).toEqual([6, 8]);
    expect(first.pullback(tensor([1, 1])).toArray()).toEqual([2, 4]);
    expect(first.value.toArray()).toEqual([1, 4]);
  });

  test('what does not fit is named', () => {
    const f = vjp((x: GraphNode) => x.square());
    const { pullback } = f(tensor([1, 2]));
    expect(() => pullback(1)).toThrow(ShapeError);
    expect(() => pullback(1)).toThrow(/the cotangent has shape \[\] .*expected \[2\]/);
    expect(() => f(Int32Array.of(1))).toThrow(KindError);
    expect(() => vjp((x: GraphNode) => x, { argument: 1 as 0 })(1)).toThrow(
      /argument 1 does not exist/,
    );
  });
});

describe('hvp', () => {
  /** x^T (A x) + sum exp(b), with Hessians A + A^T and diag(exp b). */
  const f = (p: { x: GraphNode; b: GraphNode }, scale: GraphNode): GraphNode => {
    const A = p.x.graph.constant(
      tensor([
        [1, 2],
        [5, 3],
      ]),
    );
    return A.matmul(p.x).mul(p.x).sum().add(p.b.exp().sum()).mul(scale);
  };

  test('of a quadratic form is its symmetric part, twice', () => {
    const result = hvp(f)({ x: tensor([7, 8]), b: 0 }, { b: 5, x: tensor([1, 10]) }, 2);
    expect(result).toEqual({ x: tensor([2 * (2 + 70), 2 * (7 + 60)]), b: 10 });
  });

  test('is symmetric, and the slope of the gradient', () => {
    const smooth = (x: GraphNode): GraphNode => softmax(x).log().mul(x.sin()).sum().square();
    const [product, slopes] = [hvp(smooth), grad(smooth)];
    fc.assert(
      fc.property(vectors, vectors, vectors, (x, u, v) => {
        const [hu, hv] = [product(x, u), product(x, v)];
        const scale = Math.max(100, inner(hu, hu), inner(hv, hv));
        expect(Math.abs(inner(hu, v) - inner(hv, u))).toBeLessThanOrEqual(1e-12 * scale);
        const along = (t: number): number => inner(slopes(moved(x, u, t)), v);
        expect(Math.abs(inner(hu, v) - fivePoint(along, 0, 2e-4))).toBeLessThanOrEqual(
          1e-7 * scale,
        );
      }),
      { numRuns: 50 },
    );
  });

  test('nests', () => {
    const third = grad((x: GraphNode) => hvp((y: GraphNode) => y.pow(4))(x, x.graph.constant(1)));
    expect(third(2)).toBeCloseTo(48, 12);
    const fourth = hvp((x: GraphNode) => hvp((y: GraphNode) => y.pow(4))(x, x.graph.constant(1)));
    expect(fourth(2, 1)).toBeCloseTo(24, 12);
  });

  test('what does not fit is named', () => {
    expect(() => hvp((x: GraphNode) => x.square())(tensor([1, 2]), tensor([1, 2]))).toThrow(
      /expected a scalar; reduce it.*jacobian or vjp/,
    );
    expect(() => hvp((x: GraphNode) => x.sum())(tensor([1, 2]), 1)).toThrow(
      /the vector has shape \[\] .*expected \[2\]/,
    );
  });
});

describe('types', () => {
  const f = (p: { w: GraphNode }, x: GraphNode): GraphNode => p.w.mul(x).sum();

  test('of results follow those of arguments', () => {
    const at = { w: 1 };
    const { tangent } = jvp(f)([at, tensor([1])], [{ w: 2 }]);
    expectTypeOf(tangent).toEqualTypeOf<Tensor>();
    const { value, pullback } = vjp(f)(at, tensor([1]));
    expectTypeOf(value).toEqualTypeOf<Tensor>();
    const back = pullback(1);
    expectTypeOf(back).toEqualTypeOf<{ w: number }>();
    const x = new Graph().input('x', { value: 1 });
    const nodes = vjp(f)({ w: x }, x);
    expectTypeOf(nodes.value).toEqualTypeOf<GraphNode>();
    expectTypeOf(nodes.pullback(x)).toEqualTypeOf<{ w: GraphNode }>();
    expectTypeOf(jvp(f)([{ w: x }, x], [{ w: x }]).value).toEqualTypeOf<GraphNode>();
    expectTypeOf(hvp(f)(at, at, 3)).toEqualTypeOf<{ w: number }>();
    expect(back).toEqual({ w: 1 });
  });

  test('wrong arguments do not compile', () => {
    // @ts-expect-error a list of arguments is wanted
    expect(() => jvp(f)({ w: 1 }, [{ w: 1 }])).toThrow(ValueError);
    // @ts-expect-error the tangent has another form
    expect(() => jvp(f)([{ w: 1 }, 1], [1])).toThrow(ValueError);
    // @ts-expect-error a string is no cotangent
    expect(() => vjp(f)({ w: 1 }, 1).pullback('1')).toThrow(ValueError);
  });
});

describe('functions that return trees', () => {
  const f = (x: GraphNode, c: GraphNode) => ({
    square: x.square(),
    rest: [x.sum().mul(c)] as const,
  });
  const x = tensor([1, 2]);

  test('jvp has a tangent for each result', () => {
    const { value, tangent } = jvp(f)([x, 10], [tensor([1, 1])]);
    expectTypeOf(tangent.rest[0]).toEqualTypeOf<Tensor>();
    expect([value.square.toArray(), value.rest[0].item()]).toEqual([[1, 4], 30]);
    expect([tangent.square.toArray(), tangent.rest[0].item()]).toEqual([[2, 4], 20]);
    const [a, c] = [x, tensor(10)].map((each) => new Graph().constant(each)) as [
      GraphNode,
      GraphNode,
    ];
    const nodes = jvp(f)([a, a.graph.constant(10)], [a]);
    expect(nodes.tangent.rest[0].value).toBe(30);
    expect(() => jvp(f)([a, c], [a])).toThrow(GraphError);
  });

  test('vjp takes a cotangent for each result', () => {
    const { value, pullback } = vjp(f)(x, 10);
    expect(value.rest[0].item()).toBe(30);
    const cotangent = { square: tensor([1, 0]), rest: [2] as const };
    expect(pullback(cotangent).toArray()).toEqual([22, 20]);
    const node = new Graph().constant([1, 0]);
    expect(pullback({ square: node, rest: [2] }).tensor.toArray()).toEqual([22, 20]);
    expect(() => pullback({ square: tensor([1, 0]) } as never)).toThrow(
      /the cotangent at .rest\[0\] is missing/,
    );
  });

  test('a single node is what the others return', () => {
    expect(() => grad(f as never)(x as never, 10 as never)).toThrow(/returned .*expected a node/);
  });
});
