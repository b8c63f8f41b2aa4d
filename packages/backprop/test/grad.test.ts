/** Gradients of plain functions: trees in, trees out; when they are traced; and how they nest. */
import {
  evaluate,
  type Executor,
  gather,
  Graph,
  GraphError,
  GraphNode,
  greater,
  interpreter,
  KindError,
  ShapeError,
  sign,
  Tensor,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import { tensors } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  grad,
  gradient,
  type Leaf,
  leavesOf,
  mapTree,
  type Tree,
  valueAndGrad,
} from '../src/index.ts';

/** The sum of the squares of all leaves of a tree. */
const squares = (tree: Tree<GraphNode>): GraphNode =>
  leavesOf(tree)
    .map(({ leaf }) => leaf.square().sum())
    .reduce((sum, term) => sum.add(term));

describe('trees', () => {
  const numbers = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8);
  const leaves: fc.Arbitrary<Leaf> = fc.oneof(
    numbers,
    tensors(),
    fc.array(numbers).map((list) => Float64Array.from(list)),
    fc.array(numbers).map((list) => Float32Array.from(list)),
  );
  const keys = fc.oneof(
    fc.string().filter((key) => key !== '__proto__'),
    fc.constantFrom(
      '',
      ' ',
      '0',
      'a.b',
      '[0]',
      '"',
      '\\',
      'constructor',
      'toString',
      'hasOwnProperty',
      'value',
      'ü',
      'arg0',
    ),
  );
  const { tree } = fc.letrec<{ tree: Tree<Leaf> }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 3 }),
    ),
  }));

  test('keep their names and types, whatever these are', () => {
    const twice = (leaf: Leaf): unknown => {
      if (typeof leaf === 'number') return 2 * leaf;
      if (leaf instanceof Tensor)
        return new Tensor(
          leaf.shape,
          'real',
          leaf.data.map((x) => 2 * x),
        );
      return leaf.map((x) => 2 * x);
    };
    fc.assert(
      fc.property(tree, (rest) => {
        const argument: Tree<Leaf> = { first: 3, rest };
        const f = grad((t: Tree<GraphNode>) => squares(t)) as (t: Tree<Leaf>) => Tree<Leaf>;
        expect(f(argument)).toEqual(mapTree(argument, twice));
      }),
      { numRuns: 300 },
    );
  });

  test('are not changed, nor do results share memory with them or with later results', () => {
    const w = Float64Array.of(1, 2);
    const t = tensor([[3, 4]]);
    const f = grad((p: { w: GraphNode; t: GraphNode }) =>
      p.w.square().sum().add(p.t.square().sum()),
    );
    const first = f({ w, t });
    expect([w, t.data]).toEqual([Float64Array.of(1, 2), Float64Array.of(3, 4)]);
    first.w.fill(NaN);
    first.t.data.fill(NaN);
    const second = f({ w, t });
    expect(second.w).toEqual(Float64Array.of(2, 4));
    expect(second.t.data).toEqual(Float64Array.of(6, 8));
    expect([w, t.data]).toEqual([Float64Array.of(1, 2), Float64Array.of(3, 4)]);
  });

  test('without a prototype are plain objects', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(grad((p: { a: GraphNode }) => p.a.mul(5))(bare)).toEqual({ a: 5 });
  });

  test('with unused leaves have gradient 0 there', () => {
    const f = grad((p: { a: GraphNode; b: GraphNode; c: GraphNode }) => p.a.square());
    const result = f({ a: 3, b: 4, c: tensor([[1, 2]]) });
    expect([result.a, result.b, result.c.toArray()]).toEqual([6, 0, [[0, 0]]]);
  });

  test('of equal numbers are not confused, as values or as nodes', () => {
    const f = (p: { a: GraphNode; b: GraphNode; c: GraphNode }): GraphNode =>
      p.a.mul(2).add(p.b.mul(3)).add(p.c.mul(5));
    expect(grad(f)({ a: 1, b: 1, c: 1 })).toEqual({ a: 2, b: 3, c: 5 });
    const x = new Graph().input('x', { value: 1 });
    const mixed = grad(f)({ a: x, b: 1, c: x }) as unknown as Record<string, GraphNode>;
    expect(Object.values(mixed).map((node) => node.value)).toEqual([2, 3, 5]);
  });
});

describe('arguments', () => {
  const line = (w: GraphNode, x: GraphNode, b: GraphNode): GraphNode => w.mul(x).add(b).sum();

  test('the first is differentiated by default, another on request', () => {
    expect(grad(line)(2, 3, 4)).toBe(3);
    expect(grad(line, { argument: 1 })(2, 3, 4)).toBe(2);
    expect(grad(line, { argument: 2 })(2, tensor([3, 5]), 4)).toBe(2);
    expect(valueAndGrad(line, { argument: 1 })(2, 3, 4)).toEqual({
      value: 10,
      gradient: 2,
      disconnected: [],
    });
  });

  test.each([3, -1, 0.5, NaN])('there is no argument %d', (argument) => {
    expect(() => grad(line, { argument: argument as 0 })(1, 2, 3)).toThrow(ValueError);
    expect(() => grad(line, { argument: argument as 0 })(1, 2, 3)).toThrow(
      /does not exist; the function was called with 3/,
    );
  });

  test('integer labels are data, and cannot be differentiated', () => {
    const pick = (table: GraphNode, labels: GraphNode): GraphNode => gather(table, labels).sum();
    const labels = Int32Array.of(2, 0, 2);
    expect(grad(pick)(tensor([1, 2, 3]), labels).toArray()).toEqual([1, 0, 2]);
    expect(() => grad(pick, { argument: 1 })(tensor([1, 2, 3]), labels)).toThrow(KindError);
    expect(() => grad(pick, { argument: 1 })(tensor([1, 2, 3]), labels)).toThrow(
      /arg1 is of kind integer.* another argument/,
    );
    const nested = (p: { w: GraphNode; i: GraphNode }): GraphNode => gather(p.w, p.i).sum();
    expect(() => grad(nested)({ w: tensor([1, 2]), i: Int32Array.of(0) })).toThrow(
      /arg0\.i is of kind integer/,
    );
    const condition = tensor([true, false]);
    const masked = (x: GraphNode, c: GraphNode): GraphNode => where(c, x, x.mul(3)).sum();
    expect(grad(masked)(tensor([1, 1]), condition).toArray()).toEqual([1, 3]);
    expect(() => grad(masked, { argument: 1 })(tensor([1, 1]), condition)).toThrow(/kind boolean/);
  });

  class Model {
    w = 1;
  }

  test.each<[string, unknown, RegExp]>([
    [
      'a string',
      { a: [1, 'two'] },
      /^grad: argument 0: \.a\[1\] is the string "two"; expected a number, a tensor, a typed array/,
    ],
    ['null', { a: { 'b c': null } }, /^grad: argument 0: \.a\["b c"\] is null; expected/],
    ['undefined', [undefined], /^grad: argument 0: \[0\] is undefined; expected/],
    ['a boolean', { a: true }, /^grad: argument 0: \.a is true; expected/],
    [
      'a function',
      { act: () => 1 },
      /^grad: argument 0: \.act is a function; .*captured by the function instead of passed/,
    ],
    [
      'a class instance',
      { model: new Model() },
      /^grad: argument 0: \.model is an instance of Model; expected/,
    ],
    ['a Map', new Map(), /^grad: argument 0: the value is an instance of Map; expected/],
    [
      'bytes',
      { image: new Uint8Array(2) },
      /^grad: argument 0: \.image is an instance of Uint8Array; expected/,
    ],
    ['a bigint', 1n, /^grad: argument 0: the value is 1; expected/],
    [
      'an object of a prototype without constructor',
      Object.create(Object.create(null) as object),
      /^grad: argument 0: the value is an object that is not plain; expected/,
    ],
    [
      'the key __proto__',
      JSON.parse('{"a": {"__proto__": 1}}'),
      /cannot have the key __proto__ \(at \.a\)/,
    ],
  ])('%s is no leaf: the message says where it is', (_name, argument, message) => {
    const f = vi.fn<(t: unknown) => GraphNode>();
    expect(() => (grad(f) as (t: unknown) => unknown)(argument)).toThrow(ValueError);
    expect(() => (grad(f) as (t: unknown) => unknown)(argument)).toThrow(message);
    expect(f).not.toHaveBeenCalled();
  });
});

describe('results that cannot be differentiated', () => {
  test('an array', () => {
    expect(() => grad((x: GraphNode) => x.mul(2))(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => grad((x: GraphNode) => x.mul(2))(tensor([1, 2]))).toThrow(
      /shape \[2\], expected a scalar; reduce it/,
    );
  });

  test('a number, nothing, or a condition', () => {
    expect(() => grad(((x: GraphNode) => x.value) as never)(1)).toThrow(GraphError);
    expect(() => grad((() => 3) as never)(1)).toThrow(/returned 3, expected a node/);
    expect(() => grad((() => undefined) as never)(1)).toThrow(/returned undefined/);
    expect(() => grad((x: GraphNode) => greater(x, 0))(1)).toThrow(KindError);
  });

  test('a node of another graph', () => {
    const other = new Graph().input('y', { value: 1 });
    expect(() => grad((_x: GraphNode) => other.mul(2))(1)).toThrow(
      /node of another graph; pass what it uses from outside/,
    );
    expect(() => grad((x: GraphNode) => x.mul(other))(1)).toThrow(GraphError);
  });
});

describe('tracing', () => {
  test('happens once for all values of the same shapes, and again for others', () => {
    const f = vi.fn<(x: GraphNode, y: GraphNode) => GraphNode>((x, y) => x.mul(y).sum());
    const g = grad(f);
    expect(g(2, 3)).toBe(3);
    expect(g(5, 7)).toBe(7);
    expect(f).toHaveBeenCalledTimes(1);
    expect(g(tensor([1, 2]), 3).toArray()).toEqual([3, 3]);
    expect(f).toHaveBeenCalledTimes(2);
    expect(g(tensor([3, 4]), 5).toArray()).toEqual([5, 5]);
    expect(g(Float64Array.of(1, 2), 5)).toEqual(Float64Array.of(5, 5));
    expect(f).toHaveBeenCalledTimes(2);
    expect(g(tensor([[1, 2]]), 5).toArray()).toEqual([[5, 5]]);
    expect(g(2, 3)).toBe(3);
    expect(f).toHaveBeenCalledTimes(3);
  });

  test('happens again when arguments have the same leaves in another form', () => {
    const f = grad((p: { a: GraphNode; extra?: readonly GraphNode[] }) =>
      p.a.mul(p.extra === undefined ? 2 : 3),
    );
    expect(f({ a: 1 })).toEqual({ a: 2 });
    expect(f({ a: 1, extra: [] })).toEqual({ a: 3, extra: [] });
    expect(f({ a: 1 })).toEqual({ a: 2 });
    const g = grad((list: readonly GraphNode[]) => list[0]!.mul(list.length)) as (
      list: unknown,
    ) => unknown;
    expect(g([1])).toEqual([1]);
    expect(g([1, []])).toEqual([2, []]);
  });

  test('tells kinds apart', () => {
    const f = vi.fn<(x: GraphNode, y: GraphNode) => GraphNode>((x, y) =>
      x.mul(y.kind === 'real' ? 2 : 3).sum(),
    );
    expect(grad(f)(1, Float64Array.of(1))).toBe(2);
    expect(grad(f)(1, Int32Array.of(1))).toBe(3);
  });

  test('happens in every call for a function that looks at values', () => {
    // Newton's iteration; how often it goes round depends on the value.
    const root = vi.fn<(a: GraphNode) => GraphNode>((a) => {
      let x: GraphNode = a.add(1).mul(0.5);
      while (Math.abs(x.value ** 2 - a.value) > 1e-13 * a.value) x = x.add(a.div(x)).mul(0.5);
      return x;
    });
    const f = valueAndGrad(root);
    [4, 2, 100, 2, 1e6, 0.25].forEach((a, call) => {
      const { value, gradient: slope } = f(a);
      expect(value).toBeCloseTo(Math.sqrt(a), 10);
      expect(slope / (0.5 / Math.sqrt(a))).toBeCloseTo(1, 10);
      expect(root).toHaveBeenCalledTimes(call + 1);
    });
  });

  test('follows branches on values', () => {
    const f = grad((x: GraphNode) => (x.value > 0 ? x.square() : x.neg()));
    expect([f(3), f(-3), f(4), f(-4)]).toEqual([6, -1, 8, -1]);
  });

  test('that fails leaves nothing behind', () => {
    let fails = true;
    const f = grad((x: GraphNode) => {
      if (fails) throw new RangeError('not yet');
      return x.square();
    });
    expect(() => f(3)).toThrow('not yet');
    fails = false;
    expect(f(3)).toBe(6);
  });

  test('is kept for 64 combinations of shapes; the one not used for longest goes', () => {
    const f = vi.fn<(x: GraphNode) => GraphNode>((x) => x.square().sum());
    const g = grad(f);
    const call = (n: number): unknown => g(new Float64Array(n));
    for (let n = 1; n <= 64; n++) call(n);
    call(1);
    expect(f).toHaveBeenCalledTimes(64);
    call(65);
    call(1);
    expect(f).toHaveBeenCalledTimes(65);
    call(2);
    expect(f).toHaveBeenCalledTimes(66);
  });

  test('makes a program by the executor that is given, once', () => {
    const executor = vi.fn<Executor>(interpreter);
    const f = grad((x: GraphNode) => x.sin(), { executor });
    expect([f(0), f(Math.PI)]).toEqual([1, -1]);
    expect(executor).toHaveBeenCalledTimes(1);
    expect(executor.mock.calls[0]![0].outputs).toHaveLength(2);
  });

  test('makes a program by the executor that is given for functions that look at values, too', () => {
    const executor = vi.fn<Executor>(interpreter);
    const f = grad((x: GraphNode) => (x.value > 0 ? x.sin() : x), { executor });
    expect([f(0), f(-1)]).toEqual([1, 1]);
    expect(executor).toHaveBeenCalledTimes(2);
  });
});

describe('on nodes', () => {
  test('nodes in, nodes out, in the same graph', () => {
    const x = new Graph().input('x', { value: 3 });
    const { value, gradient: slope } = valueAndGrad((y: GraphNode) => y.pow(3))(x);
    expect(value).toBeInstanceOf(GraphNode);
    expect(slope.graph).toBe(x.graph);
    expect([value.value, slope.value]).toEqual([27, 27]);
  });

  test('only the argument is differentiated, not other uses of the same node', () => {
    const x = new Graph().input('x', { value: 3 });
    expect(grad((y: GraphNode) => y.mul(x))(x).value).toBe(3);
    expect(grad((y: GraphNode) => x.square().add(y))(x).value).toBe(1);
    expect(grad((y: GraphNode, z: GraphNode) => y.mul(z))(x, x).value).toBe(3);
    const both = grad((p: { a: GraphNode; b: GraphNode }) => p.a.square().mul(p.b))({ a: x, b: x });
    expect([both.a.value, both.b.value]).toEqual([18, 9]);
    // What was built outside depends on the outer node, and that is still so.
    expect(gradient(grad((y: GraphNode) => y.mul(x))(x), x).value).toBe(1);
  });

  test('derivatives nest to any order', () => {
    const f = (x: GraphNode): GraphNode => x.pow(5).add(x.sin());
    const third = grad(grad(grad(f)));
    expect(third(2)).toBeCloseTo(60 * 4 - Math.cos(2), 12);
    const fifth = grad(grad(third));
    expect(fifth(2)).toBeCloseTo(120 + Math.cos(2), 11);
  });

  test('perturbations are not confused', () => {
    // D(x -> x D(y -> x + y)(1))(1) = 1, and with x y inside, D(x -> x x) = 2x.
    const one = (x: GraphNode): GraphNode => x.graph.constant(1);
    expect(grad((x: GraphNode) => x.mul(grad((y: GraphNode) => x.add(y))(one(x))))(1)).toBe(1);
    expect(grad((x: GraphNode) => x.mul(grad((y: GraphNode) => x.mul(y))(one(x))))(5)).toBe(10);
    // D(x -> D(y -> D(z -> x y z)(x))(x))(x) with x = 2: d/dx (x x) ... = D(x -> x * 1) applied to x * x at fixed y.
    const f = (x: GraphNode): GraphNode =>
      grad((y: GraphNode) => grad((z: GraphNode) => x.mul(y).mul(z))(x))(x);
    expect(f(new Graph().input('x', { value: 2 })).value).toBe(2);
    expect(grad(f)(2)).toBe(1);
    // A closure that returns a derivative of a function of both.
    const g = (x: GraphNode): GraphNode => grad((y: GraphNode) => x.square().mul(y.square()))(x);
    expect(grad(g)(3)).toBeCloseTo(6 * 9, 12);
  });

  test('a mixed call takes values as constants', () => {
    const x = new Graph().input('x', { value: 3 });
    const f = grad((y: GraphNode, c: GraphNode) => y.mul(c).sum()) as (
      y: unknown,
      c: unknown,
    ) => GraphNode;
    expect(f(x, 4).value).toBe(4);
    expect(f(x, Float64Array.of(1, 2)).value).toBe(3);
    expect(f(tensor([1, 2]), x).tensor.toArray()).toEqual([3, 3]);
  });

  test('the inner of two derivatives may look at values', () => {
    const f = (x: GraphNode): GraphNode =>
      grad((y: GraphNode) => (y.value > 0 ? y.pow(3) : y.square()))(x);
    const g = grad(f);
    expect([g(2), g(-2)]).toEqual([12, 2]);
  });

  test('integer nodes cannot be differentiated', () => {
    const i = new Graph().input('i', { value: tensor(1, { kind: 'integer' }) });
    expect(() => grad((x: GraphNode) => x.mul(2))(i)).toThrow(KindError);
  });
});

describe('leaves without influence', () => {
  type Parameters = { w: GraphNode; unused: readonly [GraphNode, GraphNode] };
  // A sign has no derivative, and a branch that is never taken is a path all the same.
  const f = ({ w, unused }: Parameters): GraphNode =>
    w
      .square()
      .add(sign(unused[0]))
      .add(where(greater(w, 0), w, unused[1]));
  const at = { w: 3, unused: [1, 2] } as const;

  test('are listed, with gradients of 0', () => {
    const { gradient: slopes, disconnected } = valueAndGrad(f)(at);
    expect(disconnected).toEqual(['.unused[0]']);
    expect(slopes.unused).toEqual([0, 0]);
    const nodes = new Graph();
    const w = nodes.input('w', { value: 3 });
    expect(valueAndGrad(f)({ w, unused: [w, w] }).disconnected).toEqual(['.unused[0]']);
    expect(valueAndGrad((x: GraphNode) => x.graph.constant(1))(2).disconnected).toEqual(['']);
    expect(valueAndGrad((x: GraphNode) => x)(2).disconnected).toEqual([]);
  });

  test('are errors on request', () => {
    expect(() => grad(f, { strict: true })(at)).toThrow(GraphError);
    expect(() => grad(f, { strict: true })(at)).toThrow(
      /does not depend on argument 0\.unused\[0\], so .* leave out `strict`/,
    );
    expect(grad((x: GraphNode) => x.square(), { strict: true })(3)).toBe(6);
  });
});

describe('types', () => {
  const loss = (p: { w: GraphNode; layers: readonly GraphNode[] }, x: GraphNode): GraphNode =>
    squares([p.w, ...p.layers, x]);

  test('of gradients are those of the arguments', () => {
    const f = grad(loss);
    const result = f({ w: 1, layers: [tensor([1]), tensor([2])] }, Float64Array.of(1));
    expectTypeOf(result).toEqualTypeOf<{ w: number; layers: Tensor[] }>();
    expectTypeOf(f({ w: Float32Array.of(1), layers: [] }, 1).w).toEqualTypeOf<Float32Array>();
    expectTypeOf(
      grad(loss, { argument: 1 })({ w: 1, layers: [] }, tensor([1])),
    ).toEqualTypeOf<Tensor>();
    const single = (x: GraphNode): GraphNode => x.square();
    expectTypeOf(grad(single)(2)).toEqualTypeOf<number>();
    expectTypeOf(valueAndGrad(single)(2)).toEqualTypeOf<{
      readonly value: number;
      readonly gradient: number;
      readonly disconnected: readonly string[];
    }>();
    expectTypeOf(grad(grad(single))(2)).toEqualTypeOf<number>();
    expect(result.layers).toHaveLength(2);
  });

  test('of nodes are nodes', () => {
    const x = new Graph().input('x', { value: 1 });
    const f = grad(loss)({ w: x, layers: [x] }, x);
    expectTypeOf(f.w).toEqualTypeOf<GraphNode>();
    const single = (y: GraphNode): GraphNode => y.square();
    expectTypeOf(valueAndGrad(single)(x).value).toEqualTypeOf<GraphNode>();
    expectTypeOf(valueAndGrad(single)(x).gradient).toEqualTypeOf<GraphNode>();
    expect(f.w).toBeInstanceOf(GraphNode);
  });

  test('wrong arguments do not compile', () => {
    const f = grad(loss);
    // @ts-expect-error a parameter is missing
    expect(() => f({ w: 1 }, 1)).toThrow(TypeError);
    // @ts-expect-error a string is no value
    expect(() => f({ w: 'one', layers: [] }, 1)).toThrow(ValueError);
    // @ts-expect-error the function returns an array of numbers
    expect(() => grad((x: GraphNode) => [x])(1)).toThrow(GraphError);
  });
});

test('a function that evaluates its argument is traced anew for every value', () => {
  const g = grad((x: GraphNode) => (evaluate(x).item() > 0 ? x.mul(2) : x.mul(3)));
  expect([g(1), g(-1), g(2)]).toEqual([2, 3, 2]);
});
