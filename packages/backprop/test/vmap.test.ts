/** A function of one example, called with many: the same as a loop over the examples, under every other transform. */
import {
  argMax,
  batchNodes,
  cond,
  evaluate,
  type Executor,
  type Feeds,
  fori,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  interpreter,
  KindError,
  prod,
  ShapeError,
  Tensor,
  tensor,
  ValueError,
  where,
  whileLoop,
} from '@ad/graph';
import { type BuiltRecipe, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  grad,
  gradient,
  hessian,
  hvp,
  jacobian,
  jvp,
  pushforward,
  vjp,
  vmap,
} from '../src/index.ts';

const COUNT = 3;

/** Values near one another for the examples of an input: no kink lies between them. */
function examplesOf(value: Tensor): Tensor[] {
  return Array.from(
    { length: COUNT },
    (_, n) =>
      new Tensor(
        value.shape,
        'real',
        Float64Array.from(value.data, (x) => x + n / 2 ** 12),
      ),
  );
}

function stacked(examples: readonly Tensor[]): Tensor {
  const [first] = examples as [Tensor, ...Tensor[]];
  const data = Float64Array.from(examples.flatMap((each) => Array.from(each.data)));
  return new Tensor([examples.length, ...first.shape], first.kind, data);
}

/** Elements equal up to the order of additions. */
function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1, ...Array.from(expected.data, Math.abs));
  actual.data.forEach((x, i) => {
    expect(Math.abs(x - expected.data[i]!)).toBeLessThanOrEqual(1e-11 * scale);
  });
}

/** A recipe of which some inputs differ between examples. */
const cases = fc.record({
  recipe: tensorGraphs({ maxSteps: 8 }),
  flags: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
});

/** The batches of those inputs as further inputs, and what is fed to loops and to batches. */
function batchInputs({ graph, inputs, feeds }: BuiltRecipe, flags: readonly boolean[]) {
  const examples = inputs.filter((_, i) => i === 0 || flags[i]!);
  const values = examples.map(({ label }) => examplesOf(feeds[label!] as Tensor));
  const batches = examples.map(({ label }, i) =>
    graph.input(`batch of ${label}`, { shape: stacked(values[i]!).shape }),
  );
  const all: Record<string, Tensor> = { ...(feeds as Record<string, Tensor>) };
  batches.forEach(({ label }, i) => (all[label!] = stacked(values[i]!)));
  const loop: Feeds[] = Array.from({ length: COUNT }, (_, n) => ({
    ...feeds,
    ...Object.fromEntries(examples.map(({ label }, i) => [label!, values[i]![n]!])),
  }));
  return { examples, batches, all, loop };
}

/** The batch of nodes is a loop over the examples. */
function expectLoop(
  nodes: readonly GraphNode[],
  { examples, batches, all, loop }: ReturnType<typeof batchInputs>,
): void {
  const results = batchNodes(nodes, examples, batches);
  nodes.forEach((node, i) => {
    const expected = stacked(loop.map((feeds) => evaluate(node, feeds)));
    const batch = results[i] ?? node.broadcastTo([COUNT, ...node.shape]);
    expectClose(evaluate(batch, all), expected);
  });
}

describe('batches of random graphs are loops over the examples', () => {
  test('values, gradients, tangents and second derivatives', () => {
    fc.assert(
      fc.property(cases, ({ recipe, flags }) => {
        const built = recipe.build();
        const { output, inputs } = built;
        const batch = batchInputs(built, flags);
        const slopes = gradient(output, inputs);
        const tangent = pushforward(output, inputs, inputs);
        const curvature = pushforward(slopes, inputs, inputs);
        expectLoop([output, ...slopes, tangent, ...curvature], batch);
      }),
      { numRuns: 60 },
    );
  });

  test('the gradient of the sum of a batch is the batch of the gradients', () => {
    fc.assert(
      fc.property(cases, ({ recipe, flags }) => {
        const built = recipe.build();
        const { examples, batches, all, loop } = batchInputs(built, flags);
        const [batch] = batchNodes([built.output], examples, batches);
        if (batch === undefined) return;
        const slopes = gradient(batch.sum(), batches);
        examples.forEach((example, i) => {
          const slope = gradient(built.output, example);
          expectClose(
            evaluate(slopes[i]!, all),
            stacked(loop.map((feeds) => evaluate(slope, feeds))),
          );
        });
      }),
      { numRuns: 60 },
    );
  });

  test('of batches', () => {
    fc.assert(
      fc.property(cases, ({ recipe, flags }) => {
        const built = recipe.build();
        const { examples, batches, all, loop } = batchInputs(built, flags);
        const [batch] = batchNodes([built.output], examples, batches);
        if (batch === undefined) return;
        const twice = batches.map(({ label, shape }) =>
          built.graph.input(`two of ${label}`, { shape: [2, ...shape] }),
        );
        const [square] = batchNodes([batch], batches, twice);
        const feeds: Record<string, Tensor> = { ...all };
        twice.forEach(({ label }, i) => {
          const each = all[batches[i]!.label!]!;
          feeds[label!] = stacked([each, each]);
        });
        const row = loop.map((each) => evaluate(built.output, each));
        expectClose(evaluate(square!, feeds), stacked([stacked(row), stacked(row)]));
      }),
      { numRuns: 60 },
    );
  });
});

/** A loss of one example. */
const loss = (w: GraphNode, x: GraphNode): GraphNode => w.mul(x).tanh().sum().square();
const w = tensor([0.5, -1]);
const x = tensor([
  [1, 0.5],
  [0.25, 1],
  [-1, 2],
]);
const rows = x.toArray() as number[][];
const expectRows = (actual: Tensor, ofRow: (row: Tensor) => Tensor | number): void => {
  const results = rows.map((row) => ofRow(tensor(row)));
  expectClose(actual, stacked(results.map((each) => tensor(each))));
};

describe('nests with other transforms', () => {
  const axes = [null, 0] as const;

  test('vmap of grad, value, hessian, hvp, jacobian, jvp and vjp', () => {
    expectRows(vmap(loss, { axes })(w, x), (row) =>
      evaluate(loss(new Graph().constant(w), row as never)),
    );
    expectRows(vmap(grad(loss), { axes })(w, x), (row) => grad(loss)(w, row));
    expectRows(vmap(hvp(loss), { axes: [null, null, 0] })(w, w, x), (row) => hvp(loss)(w, w, row));
    const hessianOf = (a: GraphNode, b: GraphNode): GraphNode => hessian(loss)(a, b);
    expectRows(vmap(hessianOf, { axes })(w, x), (row) => hessian(loss)(w, row));
    const jacobianOf = (a: GraphNode, b: GraphNode): GraphNode =>
      jacobian((c: GraphNode) => c.mul(b).sin())(a);
    expectRows(vmap(jacobianOf, { axes })(w, x), (row) => {
      const f = (c: GraphNode): GraphNode => c.mul(row).sin();
      return jacobian(f)(w);
    });
    const tangentOf = (a: GraphNode, b: GraphNode): GraphNode => jvp(loss)([a, b], [b, a]).tangent;
    expectRows(vmap(tangentOf, { axes })(w, x), (row) => jvp(loss)([w, row], [row, w]).tangent);
    const pulled = (a: GraphNode, b: GraphNode): GraphNode => vjp(loss)(a, b).pullback(a.sum());
    expectRows(vmap(pulled, { axes })(w, x), (row) => vjp(loss)(w, row).pullback(-0.5));
  });

  test('grad, hessian, hvp, jvp, vjp and jacobian of vmap', () => {
    const total = (a: GraphNode, b: GraphNode): GraphNode => vmap(loss, { axes })(a, b).sum();
    const sumOfRows = (ofRow: (row: Tensor) => Tensor): Tensor => {
      const parts = rows.map((row) => ofRow(tensor(row)));
      const [first] = parts as [Tensor];
      const data = first.data.map((_, i) => parts.reduce((sum, part) => sum + part.data[i]!, 0));
      return new Tensor(first.shape, 'real', data);
    };
    expectClose(
      grad(total)(w, x),
      sumOfRows((row) => grad(loss)(w, row)),
    );
    expectClose(
      hessian(total)(w, x),
      sumOfRows((row) => hessian(loss)(w, row)),
    );
    expectClose(
      hvp(total)(w, w, x),
      sumOfRows((row) => hvp(loss)(w, w, row)),
    );
    const batch = vmap(loss, { axes });
    expectRows(jvp(batch)([w, x], [w]).tangent, (row) => jvp(loss)([w, row], [w]).tangent);
    expectRows(jacobian(batch)(w, x), (row) => grad(loss)(w, row));
    expectClose(
      vjp(batch)(w, x).pullback(tensor([1, 1, 1])),
      sumOfRows((row) => grad(loss)(w, row)),
    );
  });

  test('vmap of vmap over any axes is a table', () => {
    const f = (a: GraphNode, b: GraphNode): GraphNode => a.mul(b).add(a);
    const [a, b] = [tensor([1, 2]), tensor([10, 20, 30])];
    const inner = vmap(f, { axes: [null, 0] });
    expect(vmap(inner, { axes: [0, null] })(a, b).toArray()).toEqual([
      [11, 21, 31],
      [22, 42, 62],
    ]);
    expect(vmap(inner, { axes: [0, null], outputAxis: 1 })(a, b).toArray()).toEqual([
      [11, 22],
      [21, 42],
      [31, 62],
    ]);
    // Closing over the example of the call around.
    const nested = vmap((c: GraphNode) => vmap((d: GraphNode) => f(c, d))(b) as never as GraphNode);
    expect(nested(a).toArray()).toEqual([
      [11, 21, 31],
      [22, 42, 62],
    ]);
  });

  test('perturbations of examples and of derivatives are not confused', () => {
    // D(x -> x D(y -> x + y)(1)) for each of many x.
    const f = (a: GraphNode): GraphNode => a.mul(grad((b: GraphNode) => a.add(b))(1));
    expect(vmap(grad(f))(tensor([1, 2, 3])).toArray()).toEqual([1, 1, 1]);
    const g = grad((a: GraphNode) =>
      vmap((b: GraphNode) => a.mul(grad((c: GraphNode) => c.mul(b).mul(a))(1) as never))(
        a.graph.constant([1, 2]),
      ).sum(),
    );
    // sum of a^2 b over b = 1, 2: the slope is 6 a.
    expect(g(5)).toBe(30);
  });
});

describe('arguments and results', () => {
  test('axes per argument, counted from either end, and the axis of the result', () => {
    const f = (a: GraphNode, b: GraphNode): GraphNode => a.mul(2).add(b);
    const a = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const expected = [
      [12, 18],
      [14, 20],
      [16, 22],
    ];
    const by = (axes: (number | null)[], outputAxis: number): unknown =>
      vmap(f, { axes, outputAxis })(a, 10).toArray();
    expect(by([1, null], 0)).toEqual(expected);
    expect(by([-1, null], -2)).toEqual(expected);
    expect(by([1, null], 1)).toEqual(expected[0]!.map((_, i) => expected.map((row) => row[i])));
  });

  test('trees in and out, of all kinds, with what does not depend on an example repeated', () => {
    const f = ({ p, q }: { p: GraphNode; q: [GraphNode] }, c: GraphNode) => ({
      sum: p.add(q[0]),
      rest: [greater(p, q[0]), c, argMax(p)] as const,
    });
    const p = tensor([
      [3, 1],
      [0, 5],
    ]);
    const result = vmap(f, { axes: [0, null] })({ p, q: [p] }, 7);
    expectTypeOf(result.rest[2]).toEqualTypeOf<Tensor>();
    expect(result.sum.toArray()).toEqual([
      [6, 2],
      [0, 10],
    ]);
    expect(result.rest.map(({ kind }) => kind)).toEqual(['boolean', 'real', 'integer']);
    expect(result.rest[1].toArray()).toEqual([7, 7]);
    expect(result.rest[2].toArray()).toEqual([0, 1]);
  });

  test('no examples, and examples without elements', () => {
    const f = (a: GraphNode): GraphNode => a.square().sum();
    expect(vmap(f)(new Tensor([0, 2], 'real', new Float64Array(0))).shape).toEqual([0]);
    expect(vmap(f)(new Tensor([2, 0], 'real', new Float64Array(0))).toArray()).toEqual([0, 0]);
  });

  test('indices and labels for each example', () => {
    const pick = (table: GraphNode, i: GraphNode): GraphNode => gather(table, i);
    const table = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const i = tensor([2, -3], { kind: 'integer' });
    expect(vmap(pick)(table, i).toArray()).toEqual([3, 4]);
    expect(() => vmap(pick)(table, tensor([0, 3], { kind: 'integer' }))).toThrow(/index 3/);
  });

  test('a choice for each example does not let in NaN from the other branch', () => {
    const f = grad((a: GraphNode) => where(greater(a, 0), a.sqrt(), a.mul(0)));
    expect(vmap(f)(tensor([4, 0, -1])).toArray()).toEqual([0.25, 0, 0]);
  });
});

describe('tracing', () => {
  test('the function is called once per combination of shapes, and the program compiled', () => {
    const f = vi.fn((a: GraphNode) => a.square().sum());
    const executor = vi.fn<Executor>(interpreter);
    const batch = vmap(f, { executor });
    expect(batch(tensor([[1, 2]])).toArray()).toEqual([5]);
    expect(batch(tensor([[3, 4]])).toArray()).toEqual([25]);
    expect([f.mock.calls.length, executor.mock.calls.length]).toEqual([1, 1]);
    batch(tensor([[3], [4]]));
    expect(f.mock.calls.length).toBe(2);
    // By default a program is compiled.
    expect(vmap((a: GraphNode) => a.exp().sum())(x).shape).toEqual([3]);
  });

  test('the graph does not grow with the number of examples', () => {
    const size = (count: number): number => {
      const graph = new Graph();
      const a = graph.input('a', { shape: [count, 2] });
      vmap(grad((b: GraphNode) => prod(b.sin())))(a);
      return graph.nodeCount;
    };
    expect(size(1000)).toBe(size(2));
  });
});

describe('what cannot be', () => {
  const f = (a: GraphNode, b: GraphNode): GraphNode => a.add(b);

  test.each<[string, () => unknown, new (...args: never[]) => Error, RegExp]>([
    ['no axis', () => vmap(f)(x, 1), ShapeError, /argument 1 has shape \[\] .* no axis 0.* null/],
    [
      'another number of examples',
      () => vmap(f)(x, tensor([[1, 2]])),
      ShapeError,
      /argument 1 has 1 examples, expected 3/,
    ],
    ['no examples', () => vmap(f, { axes: [null, null] })(x, x), ValueError, /no argument has/],
    ['axes of no argument', () => vmap(f, { axes: [0, 0, 0] })(x, x), ValueError, /3 arguments/],
    ['no such axis of the result', () => vmap(f, { outputAxis: 2 })(x, x), ShapeError, /no axis 2/],
    [
      'no node',
      () => vmap((_: GraphNode) => 3 as never)(x),
      GraphError,
      /returned 3, expected a node/,
    ],
    [
      'no node in a tree',
      () => vmap((a: GraphNode) => [a, { b: 3 as never }] as const)(x),
      GraphError,
      /the result at \[1\]\.b is 3/,
    ],
    [
      'a look at a value',
      () => vmap((a: GraphNode) => (a.sum().value > 0 ? a : a.neg()))(x),
      ValueError,
      /no value of its own; choose between values with where/,
    ],
    [
      'gradients of conditions',
      () => grad((a: GraphNode) => vmap((b: GraphNode) => greater(b, 0))(a), {})(x),
      KindError,
      /not real/,
    ],
  ])('%s', (_name, call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });

  test('an example that outlives its call has no value and no derivative', () => {
    let leaked: GraphNode | undefined;
    const graph = new Graph();
    const batch = graph.input('x', { value: [1, 2, 3] });
    vmap((a: GraphNode) => (leaked = a))(batch);
    expect(() => leaked!.value).toThrow(/no value of its own/);
    expect(() => gradient(leaked!, batch)).toThrow(/no value of its own/);
    expect(() => batchNodes([leaked!], [batch], [graph.constant([[1, 2, 3]])])).toThrow(
      /no value of its own/,
    );
  });

  test('batches that do not fit their examples', () => {
    const graph = new Graph();
    const a = graph.input('a', { shape: [2] });
    const batch = (shape: number[]): GraphNode =>
      graph.constant(new Tensor(shape, 'real', new Float64Array(shape.reduce((p, d) => p * d, 1))));
    expect(() => batchNodes([a], [a], [batch([3, 3])])).toThrow(ShapeError);
    expect(() => batchNodes([a], [a], [])).toThrow(GraphError);
    expect(() =>
      batchNodes([a], [a], [graph.constant(tensor([[1, 2]], { kind: 'integer' }))]),
    ).toThrow(KindError);
    expect(() => batchNodes([a], [a], [new Graph().input('b', { shape: [3, 2] })])).toThrow(
      /another graph/,
    );
    expect(() => batchNodes([a], [a, a.add(1)], [batch([3, 2]), batch([4, 2])])).toThrow(
      ShapeError,
    );
    expect(batchNodes([], [], [])).toEqual([]);
  });
});

test('loops and branches are run for each example', () => {
  const values = tensor([0.25, 4, -9]);
  const power = (x: GraphNode): GraphNode => fori(3, (_i, y) => y.mul(x), x);
  const root = (x: GraphNode): GraphNode =>
    cond(
      greater(x, 0),
      () => x.sqrt(),
      () => x.neg(),
    );
  // How many halvings it takes differs between the examples.
  const halved = (x: GraphNode): GraphNode =>
    whileLoop(
      (y: GraphNode) => greater(y.abs(), 1),
      (y: GraphNode) => y.mul(0.5),
      x,
    );
  expect(vmap(power)(values).toArray()).toEqual([0.25 ** 4, 256, 9 ** 4]);
  expect(vmap(grad(power))(values).toArray()).toEqual([4 * 0.25 ** 3, 256, -4 * 9 ** 3]);
  expect(vmap(root)(values).toArray()).toEqual([0.5, 2, 9]);
  expect(vmap(grad(root))(values).toArray()).toEqual([1, 0.25, -1]);
  expect(vmap(halved)(values).toArray()).toEqual([0.25, 1, -9 / 16]);
});
