/**
 * Values and tangents of loops and branches come from one loop or branch: what is needed for both is as many loops as for
 * the values, in every order, also inside of bodies; and in batches of directions the values are computed once for all.
 */
import { compile } from '@ad/compiler';
import {
  type Arena,
  ancestorsOf,
  batchNodes,
  type Body,
  cond,
  fori,
  Graph,
  type GraphNode,
  greater,
  less,
  scan,
  tensor,
  toInteger,
  whileLoop,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { grad, gradient, hvp, jvp, pushforward, valueAndPushforward } from '../src/index.ts';

/** The loops and branches that nodes need, those in the bodies included. */
function loopsOf(nodes: readonly GraphNode[]): number {
  const { arena } = nodes[0]!.graph;
  return controlNodes(nodes).reduce((sum, id) => sum + 1 + sumOver(bodiesOf(arena, id)), 0);
}

function controlNodes(nodes: readonly GraphNode[]): number[] {
  const { arena } = nodes[0]!.graph;
  const ids = nodes.map(({ id }) => id);
  return [...ancestorsOf(arena, ids)].filter((id) => arena.rowOf(id).family === 'control');
}

function bodiesOf(arena: Arena, id: number): Body[] {
  return Object.values(arena.attributes.get(id)!).filter(
    (value): value is Body => typeof value === 'object' && 'inputs' in value,
  );
}

const sumOver = (bodies: readonly Body[]): number =>
  bodies.reduce((sum, body) => sum + loopsOf(body.outputs), 0);

const data = tensor([
  [0.2, -1.1],
  [0.9, 0.3],
  [-0.5, 0.8],
]);

/** Functions with loops and branches, and how many they have. */
const functions: Readonly<
  Record<string, readonly [loops: number, f: (x: GraphNode) => GraphNode]>
> = {
  'a scan of which the last carry is read': [
    1,
    (x) => scan((c, row) => ({ carry: c.mul(x).add(row).sin() }), x, x.mul(data)).carry.sum(),
  ],
  'a scan of which the results are read, by others of their own': [
    1,
    (x) => {
      const { carry, ys } = scan((c, row) => ({ carry: c.mul(row).sin(), y: c.exp() }), x, x.mul(data)); // prettier-ignore
      return ys.square().sum().mul(carry.exp().sum());
    },
  ],
  'a scan that counts, in whole numbers and conditions': [
    1,
    (x) => {
      const start = { c: x, n: toInteger(x.sum().mul(0)), odd: greater(x.sum(), 10) };
      const { carry } = scan(({ c, n, odd }) => ({ carry: { c: c.mul(n).add(odd).sin(), n: toInteger(n.add(1)), odd: greater(n, 1) } }), start, undefined, { length: 3 }); // prettier-ignore
      return carry.c.mul(carry.n).add(carry.odd).sum();
    },
  ],
  'loops one after the other': [
    3,
    (x) => {
      const a = fori(3, (_, c) => c.mul(x).sin(), x);
      const b = whileLoop(
        (c) => less(c.sum(), 9),
        (c) => c.mul(c).add(a.square()).add(0.5),
        a,
      );
      return fori(3, (i, c) => c.mul(b).add(i).sin(), a).sum();
    },
  ],
  'a loop whose result decides': [
    2,
    (x) => {
      const end = fori(3, (_, c) => c.mul(x).sin(), x).sum();
      return cond(
        greater(end, 0),
        () => end.mul(x).sum(),
        () => end.sub(x).exp().sum(),
      );
    },
  ],
  'a branch of two results': [
    1,
    (x) => {
      const { a, b } = cond(
        greater(x.sum(), 0),
        () => ({ a: x.exp(), b: x.sin() }),
        () => ({ a: x.sin(), b: x.square() }),
      );
      return a.mul(b).sum();
    },
  ],
  'a limited loop': [
    1,
    (x) =>
      whileLoop(
        (c) => less(c.sum(), 9),
        (c) => c.mul(c).add(x),
        x,
        { maxSteps: 5 },
      )
        .exp()
        .sum(),
  ],
  'loops in loops': [
    3,
    (x) =>
      fori(3, (_, c) => whileLoop((d) => less(d.square().sum(), 2), (d) => fori(2, (i, e) => e.mul(1.5).add(i.mul(x)).sin().add(d), d), c).mul(0.3), x).square().sum(), // prettier-ignore
  ],
};

describe.each(Object.entries(functions))('%s:', (_name, [loops, f]) => {
  const graph = new Graph();
  const x = graph.input('x', { value: tensor([0.7, 0.4]) });
  const v = graph.constant(tensor([1, -0.5]));
  const y = f(x);
  const slopes = gradient(y, x);

  test('a value and its tangent need no more loops than the value', () => {
    const { value, tangent } = valueAndPushforward(y, x, v);
    expect(loopsOf([y])).toBe(loops);
    expect(loopsOf([value, tangent])).toBe(loops);
    expect(value.tensor).toEqual(y.tensor);
    expect(tangent.tensor).toEqual(pushforward(y, x, v).tensor);
  });

  test('a gradient and its tangent need no more loops than the gradient', () => {
    const { value, tangent } = valueAndPushforward(slopes, x, v);
    expect(loopsOf([value, tangent])).toBe(loopsOf([slopes]));
    expect(value.tensor).toEqual(slopes.tensor);
  });

  test('a value with two tangents, one of the other, needs no more loops than the value', () => {
    const first = valueAndPushforward(y, x, v);
    const second = valueAndPushforward([first.value, first.tangent], x, v);
    expect(loopsOf([...second.value, ...second.tangent])).toBe(loops);
  });

  test('functions of functions: jvp, hvp, jvp of grad and of jvp', () => {
    const at = tensor([0.7, 0.4]);
    const along = tensor([1, -0.5]);
    const node = graph.input(`again${graph.nodeCount}`, { value: at });
    const { value, tangent } = jvp(f)([node], [along]);
    expect(loopsOf([value, tangent])).toBe(loops);
    expect(loopsOf([hvp(f)(node, v)])).toBe(loopsOf([slopes]));
    const both = jvp((z: GraphNode) => grad(f)(z))([at], [along]);
    expect(both.value.toArray()).toEqual(grad(f)(at).toArray());
    expect(both.tangent.toArray()).toEqual(hvp(f)(at, along).toArray());
  });
});

test('a compiled program for value and tangent has one loop', () => {
  const graph = new Graph();
  const x = graph.input('x');
  const y = fori(100, (_, c) => c.mul(x).sin(), x);
  const { value, tangent } = valueAndPushforward(y, x, graph.constant(1));
  const report = compile({ outputs: [value, tangent] }).report();
  expect(report.match(/scan/g)).toHaveLength(1);
});

test('parts of a loop that nobody reads are not computed beside tangents', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: 0.5 });
  const { a } = fori(3, (_, c) => ({ a: c.a.mul(x), b: c.b.mul(c.b) }), { a: x, b: x });
  const [loop] = controlNodes([pushforward(a.mul(2), x, graph.constant(1))]);
  expect(graph.arena.attributes.get(loop!)!['carries']).toBe(2);
});

describe('many directions', () => {
  test('share the values of a loop', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [5] });
    const y = fori(3, (_, c) => c.mul(x).sin(), x).exp();
    const v = graph.input('v', { shape: [5] });
    const along = pushforward(y, x, v);
    const [batch] = batchNodes([along], [v], [graph.input('vs', { shape: [7, 5] })]);
    const [loop, ...others] = controlNodes([batch!]);
    expect(others).toEqual([]);
    // 5 values and 7 tangents of them, and before each of 3 steps as many again.
    expect(graph.node(loop!).shape).toEqual([(5 + 7 * 5) * 4]);
  });

  test('share the values of loops in loops and branches', () => {
    const graph = new Graph();
    const x = graph.input('x', { shape: [5] });
    const inner = (c: GraphNode): GraphNode =>
      cond(
        less(c.sum(), 3),
        () => fori(2, (_, d) => d.mul(x).sin(), c),
        () => c.exp(),
      );
    const y = fori(3, (_, c) => inner(c), x);
    const v = graph.input('v', { shape: [5] });
    const [batch] = batchNodes([pushforward(y, x, v)], [v], [graph.input('vs', { shape: [7, 5] })]);
    const [loop] = controlNodes([batch!]);
    expect(graph.node(loop!).shape).toEqual([(5 + 7 * 5) * 4]);
  });
});
