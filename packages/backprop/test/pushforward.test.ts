/**
 * Forward mode: it agrees with reverse mode (exactly, over the rationals), mixes with it to any order, and meets the
 * nodes on paths only.
 */
import {
  argMax,
  equal,
  evaluate,
  evaluateOver,
  gather,
  Graph,
  GraphError,
  type GraphNode,
  greater,
  KindError,
  max,
  oneHot,
  prod,
  ShapeError,
  sign,
  Tensor,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import { scalarGraphs, tensorGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradient, pushforward } from '../src/index.ts';
import { type Dual, dualNumbers } from './support/dual.ts';
import { type Rational, rational, rationals } from './support/rational.ts';

const directions = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });

/** The value of a node in exact arithmetic. */
function exactly(node: GraphNode, feeds: object): Rational {
  const exact = Object.entries(feeds).map(([name, value]) => [
    name,
    rational((value as Tensor).item()),
  ]);
  return evaluateOver(rationals, node, Object.fromEntries(exact) as Record<string, Rational>);
}

/** A constant of the shape of a node, its elements taken from a list, round and round. */
function cycled({ graph, shape }: GraphNode, numbers: readonly number[], from = 0): GraphNode {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float64Array.from({ length: size }, (_, i) => numbers[(from + i) % numbers.length]!);
  return graph.constant(new Tensor(shape, 'real', data));
}

function inner(a: Tensor, b: Tensor): number {
  let sum = 0;
  for (let i = 0; i < a.size; i++) sum += a.data[i]! * b.data[i]!;
  return sum;
}

const magnitudes = ({ shape, data }: Tensor): Tensor =>
  new Tensor(shape, 'real', data.map(Math.abs));

describe('<v, J u> = <J^T v, u>', () => {
  test('exactly, at every node of polynomials over the rationals', () => {
    fc.assert(
      fc.property(scalarGraphs({ operations: 'polynomial' }), directions, (recipe, u) => {
        const { graph, nodes, inputs, feeds } = recipe.build();
        const tangents = inputs.map((_, i) => graph.constant(u[i]!));
        const pushed = pushforward(nodes, inputs, tangents);
        nodes.forEach((y, k) => {
          const expected = gradient(y, inputs)
            .map((slope, i) => rationals.mul(exactly(slope, feeds), rational(u[i]!)))
            .reduce((sum, term) => rationals.add(sum, term));
          expect(exactly(pushed[k]!, feeds)).toEqual(expected);
        });
      }),
    );
  });

  test('exactly, at every node of polynomial tensor graphs of small integers', () => {
    const signs = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 41, maxLength: 41 });
    fc.assert(
      fc.property(tensorGraphs({ operations: 'polynomial' }), signs, (recipe, numbers) => {
        const { nodes, inputs, feeds } = recipe.build();
        const tangents = inputs.map((x, i) => cycled(x, numbers, 7 * i));
        for (const y of nodes.filter(({ kind }) => kind === 'real')) {
          const v = cycled(y, numbers, 3);
          const [pushed, weights] = evaluate([pushforward(y, inputs, tangents), v], feeds);
          expect(pushed.shape).toEqual(y.shape);
          const slopes = evaluate(gradient(y, inputs, { seed: v }), feeds);
          const reverse = slopes.reduce(
            (sum, slope, i) => sum + inner(slope, tangents[i]!.tensor),
            0,
          );
          expect(inner(pushed, weights)).toBe(reverse);
        }
      }),
    );
  });

  test('up to rounding, at every node of tensor graphs of any operations', () => {
    const noise = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 41, maxLength: 41 });
    fc.assert(
      fc.property(tensorGraphs({ maxSteps: 12 }), noise, (recipe, eighths) => {
        const numbers = eighths.map((n) => n / 8);
        const { nodes, inputs, feeds } = recipe.build();
        const tangents = inputs.map((x, i) => cycled(x, numbers, 7 * i));
        for (const y of nodes.filter(({ kind }) => kind === 'real')) {
          const v = cycled(y, numbers, 3);
          const [pushed, weights] = evaluate([pushforward(y, inputs, tangents), v], feeds);
          const slopes = evaluate(gradient(y, inputs, { seed: v }), feeds);
          const terms = slopes.map((slope, i) => [slope, tangents[i]!.tensor] as const);
          const reverse = terms.reduce((sum, [slope, u]) => sum + inner(slope, u), 0);
          const scale = terms.reduce(
            (sum, [slope, u]) => sum + inner(magnitudes(slope), magnitudes(u)),
            1 + inner(magnitudes(pushed), magnitudes(weights)),
          );
          expect(Math.abs(inner(pushed, weights) - reverse)).toBeLessThanOrEqual(1e-12 * scale);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('dual numbers with derivatives from textbooks agree', () => {
  fc.assert(
    fc.property(scalarGraphs({ maxSteps: 20 }), directions, (recipe, u) => {
      const { graph, inputs, output, feeds } = recipe.build();
      const duals = inputs.map(({ label }, i): [string, Dual<number>] => [
        label!,
        [(feeds[label!] as Tensor).item(), u[i]!],
      ]);
      const [, expected] = evaluateOver(dualNumbers, output, Object.fromEntries(duals));
      const tangents = inputs.map((_, i) => graph.constant(u[i]!));
      const actual = evaluate(pushforward(output, inputs, tangents), feeds).item();
      // Slopes of the generated graphs are below 100 for each input, and |u| <= 9.
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
        1e-12 * Math.max(100, Math.abs(expected)),
      );
    }),
    { numRuns: 300 },
  );
});

describe('mixtures of modes', () => {
  type Mode = (y: GraphNode, x: GraphNode) => GraphNode;
  const modes: readonly Mode[] = [
    (y, x) => gradient(y, x),
    (y, x) => pushforward(y, x, x.graph.constant(1)),
  ];

  test('all eight give the same third derivative, exactly', () => {
    fc.assert(
      fc.property(
        scalarGraphs({ operations: 'polynomial', maxInputs: 2, maxSteps: 8 }),
        (recipe) => {
          const { inputs, output, feeds } = recipe.build();
          const [x, y = x] = inputs as [GraphNode, GraphNode?];
          const thirds = modes.flatMap((first) =>
            modes.flatMap((second) =>
              modes.map((third) => exactly(third(second(first(output, x), y), x), feeds)),
            ),
          );
          for (const each of thirds) expect(each).toEqual(thirds[0]);
        },
      ),
    );
  });

  test('all eight agree for smooth functions', () => {
    const x = new Graph().input('x', { value: 0.7 });
    const y = x
      .sin()
      .mul(x.exp())
      .add(x.tanh().div(x.add(2)));
    const thirds = modes.flatMap((first) =>
      modes.flatMap((second) => modes.map((third) => third(second(first(y, x), x), x).value)),
    );
    for (const each of thirds) expect(Math.abs(each - thirds[0]!)).toBeLessThan(1e-13);
  });

  test('the Hessian of tensor graphs is symmetric, and the same in all orders', () => {
    const signs = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 41, maxLength: 41 });
    fc.assert(
      fc.property(tensorGraphs({ maxSteps: 6, operations: 'smooth' }), signs, (recipe, numbers) => {
        const { inputs, output, feeds } = recipe.build();
        const total = output.sum();
        const [u, v] = [0, 20].map((from) =>
          inputs.map((x, i) => cycled(x, numbers, from + 5 * i)),
        );
        const along = (w: readonly GraphNode[]): GraphNode => pushforward(total, inputs, w);
        const dot = (slopes: readonly GraphNode[], w: readonly GraphNode[]): GraphNode =>
          slopes.map((slope, i) => slope.mul(w[i]!).sum()).reduce((sum, term) => sum.add(term));
        const values = evaluate(
          [
            dot(pushforward(gradient(total, inputs), inputs, u!), v!),
            dot(pushforward(gradient(total, inputs), inputs, v!), u!),
            dot(gradient(along(u!), inputs), v!),
            pushforward(along(v!), inputs, u!),
            dot(gradient(dot(gradient(total, inputs), u!), inputs), v!),
          ],
          feeds,
        ).map((value) => value.item());
        const scale = Math.max(100, ...values.map(Math.abs));
        for (const value of values)
          expect(Math.abs(value - values[0]!)).toBeLessThanOrEqual(1e-11 * scale);
      }),
    );
  });
});

test('it is linear in the tangents, exactly, and of zero tangents exactly zero', () => {
  const signs = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 41, maxLength: 41 });
  fc.assert(
    fc.property(tensorGraphs({ operations: 'polynomial' }), signs, signs, (recipe, a, b) => {
      const { nodes, inputs, feeds } = recipe.build();
      const outputs = nodes.filter(({ kind }) => kind === 'real');
      const push = (numbers: readonly number[]): number[] =>
        evaluate(
          pushforward(
            outputs,
            inputs,
            inputs.map((x, i) => cycled(x, numbers, 7 * i)),
          ),
          feeds,
        ).flatMap(({ data }) => Array.from(data, (x) => x + 0));
      const [ofA, ofB] = [push(a), push(b)];
      expect(push(a.map((x, i) => 2 * x - 3 * b[i]!))).toEqual(
        ofA.map((x, i) => 2 * x - 3 * ofB[i]! + 0),
      );
      expect(push(a.map(() => 0)).every((x) => x === 0)).toBe(true);
    }),
  );
});

describe('below a choice between branches', () => {
  test('the branch not taken says nothing, whatever its slope', () => {
    const x = new Graph().input('x', { value: 0 });
    const one = x.graph.constant(1);
    const y = where(greater(x, 0), x.sqrt(), x.mul(3));
    expect(pushforward(y, x, one).value).toBe(3);
    const z = where(equal(x, 0), x.add(1), x.log());
    expect(pushforward(z, x, one).value).toBe(1);
    expect(gradient(pushforward(z, x, one), x).value).toBe(0);
  });

  test('0 wins over Infinity on the way, as it does in reverse mode', () => {
    const x = new Graph().input('x', { value: 2 });
    const y = where(greater(x, 0), x.mul(0).sqrt(), x);
    expect(gradient(y, x).value).toBe(0);
    expect(pushforward(y, x, x.graph.constant(1)).value).toBe(0);
  });
});

describe('what takes part', () => {
  test('intermediate nodes move as inputs do', () => {
    const x = new Graph().input('x', { value: 3 });
    const y = x.square();
    const one = x.graph.constant(1);
    expect(pushforward(y.sin(), y, one).value).toBeCloseTo(Math.cos(9), 15);
    expect(pushforward(y, y.sin(), one).value).toBe(0);
    expect(pushforward(y, y, one).value).toBe(1);
  });

  test('a node that moves by itself and with another moves by both', () => {
    const x = new Graph().input('x', { value: 3 });
    const y = x.square();
    const [two, five] = [2, 5].map((n) => x.graph.constant(n)) as [GraphNode, GraphNode];
    // dy = 5 + 6 * 2; z = 10 y.
    expect(pushforward(y.mul(10), [x, y], [two, five]).value).toBe(170);
    expect(pushforward(y, [x, x], [two, five]).value).toBe(6 * 7);
  });

  test('nodes off the paths get no tangents', () => {
    const graph = new Graph();
    const [x, c] = [graph.input('x'), graph.input('c')];
    let constantPart = c;
    for (let i = 0; i < 100; i++) constantPart = constantPart.sin();
    let unused = x;
    for (let i = 0; i < 100; i++) unused = where(greater(unused, 0), unused.sin(), unused);
    const y = x.mul(constantPart);
    for (let i = 0; i < 100; i++) x.sin(); // nobody asks for these
    const one = graph.constant(1);
    const before = graph.nodeCount;
    pushforward(y, x, one);
    expect(graph.nodeCount - before).toBe(1);
    expect(evaluate(pushforward(constantPart, x, one)).item()).toBe(0);
  });

  test('nodes below what is flat get no tangents', () => {
    const graph = new Graph();
    const [x, xs] = [graph.input('x', { value: 3 }), graph.input('xs', { value: [3, 4] })];
    const flat = sign(x.sin().exp()).add(sign(xs.sin().exp()).sum());
    const [one, ones] = [graph.constant(1), graph.constant([1, 1])];
    const y = flat.mul(x);
    const before = graph.nodeCount;
    const tangent = pushforward(y, [x, xs], [one, ones]);
    expect(graph.nodeCount - before).toBe(1);
    expect(tangent.value).toBe(3);
  });

  test('a choice that is not on the path makes no products strong', () => {
    const x = new Graph().input('x', { value: 0 });
    const root = x.sqrt();
    where(greater(x, 0), root, root.neg()); // nobody asks for this
    const tangent = pushforward(root.mul(x), x, x.graph.constant(0));
    expect(tangent.value).toBeNaN();
  });

  test('nodes are appended in proportion to the graph, not to its paths', () => {
    const x = new Graph().input('x', { value: 1 });
    let y = x;
    for (let i = 0; i < 60; i++) y = y.add(y);
    const before = x.graph.nodeCount;
    const tangent = pushforward(y, x, x.graph.constant(1));
    expect(x.graph.nodeCount - before).toBeLessThanOrEqual(61);
    expect(tangent.value).toBe(2 ** 60);
  });

  test('a tangent has the shape of its node where only a smaller operand moves', () => {
    const x = new Graph().input('x', { value: 3 });
    const y = x.add(tensor([[1, 2]]));
    expect(pushforward(y, x, x.graph.constant(5)).tensor.toArray()).toEqual([[5, 5]]);
  });

  test('reductions of a square move along the axis that they reduce', () => {
    const graph = new Graph();
    const x = graph.input('x', {
      value: [
        [1, 2],
        [3, 5],
      ],
    });
    const v = graph.constant(
      tensor([
        [1, 10],
        [100, 1000],
      ]),
    );
    const along = (y: GraphNode): unknown => pushforward(y, x, v).tensor.toArray();
    expect(along(prod(x, { axes: 1 }))).toEqual([12, 3500]);
    expect(along(prod(x, { axes: 0 }))).toEqual([103, 2050]);
    expect(along(max(x, { axes: 1 }))).toEqual([10, 1000]);
    expect(along(max(x, { axes: 0 }))).toEqual([100, 1000]);
  });

  test('comparisons, positions and integers pass nothing on', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: [1, 3, 2] });
    const v = graph.constant(tensor([1, 10, 100]));
    expect(pushforward(oneHot(argMax(x), 3), x, v).tensor.toArray()).toEqual([0, 0, 0]);
    expect(pushforward(sign(x).add(greater(x, 2)), x, v).tensor.toArray()).toEqual([0, 0, 0]);
    expect(pushforward(gather(x, argMax(x)), x, v).value).toBe(10);
  });
});

describe('what cannot be done', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [2] });
  const v = graph.constant(tensor([1, 2]));
  const labels = graph.input('labels', { kind: 'integer' });
  const [one, condition] = [graph.constant(1), greater(x, 0)];

  test.each<[string, () => unknown, new () => Error, RegExp]>([
    [
      'too few tangents',
      () => pushforward(x, [x, v], [v]),
      ValueError,
      /2 nodes move.* 1 tangents/,
    ],
    ['a tangent of another shape', () => pushforward(x, x, one), ShapeError, /expected \[2\]/],
    ['integers', () => pushforward(x, labels, labels), KindError, /labels.* is not real/],
    ['conditions', () => pushforward(condition, x, v), KindError, /greater.* is not real/],
    [
      'a foreign node',
      () => pushforward(x, x, new Graph().input('y', { shape: [2] })),
      GraphError,
      /another graph/,
    ],
  ])('%s', (_name, call, type, message) => {
    expect(call).toThrow(type);
    const before = graph.nodeCount;
    expect(call).toThrow(message);
    expect(graph.nodeCount).toBe(before);
  });

  test('nothing asked for, nothing given', () => {
    expect(pushforward([], x, v)).toEqual([]);
    expect(evaluate(pushforward(x.sum(), [], [])).item()).toBe(0);
  });
});
