import { expect, test } from 'vitest';
import { Graph, type GraphNode, less } from '@ad/graph';
import { simplify } from '../../src/passes/simplify.ts';
import { simplifiedText } from '../support/simplified-text.ts';

test('equal subexpressions are one, operands of commutative operations in either order', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [4] });
  const y = graph.input('y', { shape: [4] });
  const left = x.add(y).exp().sum({ axes: 0 });
  const right = y.add(x).exp().sum({ axes: 0 });
  expect(simplifiedText([left.sub(right)])).toMatchInlineSnapshot(`
    "#0 [4] = x
    #1 [4] = y
    #2 [4] = add #0 #1
    #3 [4] = exp #2
    #4 [] (a scalar) = sum #3
    #8 [] (a scalar) = sub #4 #4
    -> #8"
  `);
});

test('operations with other attributes, other types or operands in another order are kept apart', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [4, 4] });
  const pairs: (readonly [GraphNode, GraphNode])[] = [
    [x.sum({ axes: 0 }), x.sum({ axes: 1 })],
    [x.reshape([2, 8]), x.reshape([8, 2])],
    [x.sub(x.exp()), x.exp().sub(x)],
    [less(x, x.exp()), less(x.exp(), x)],
    [x.sum({ axes: 0, keepDims: true }), x.sum({ axes: 0 })],
  ];
  for (const [left, right] of pairs) {
    const simplified = simplify(graph, [left.id, right.id], 'f64');
    expect(simplified.nodeFor(left.id)).not.toBe(simplified.nodeFor(right.id));
  }
});

test('a chain of doublings written as a tree stays a chain', () => {
  const graph = new Graph();
  const x = graph.input('x');
  let [left, right] = [x.sin(), x.sin()];
  for (let i = 0; i < 60; i++) [left, right] = [left.add(right), right.add(left)];
  expect(simplify(graph, [left.id, right.id], 'f64').order.length).toBe(62);
});

test('equal nodes are found among thousands that read the same node', () => {
  const graph = new Graph();
  const others = Array.from({ length: 2000 }, (_, k) => graph.input(`y${k}`));
  const x = graph.input('x').exp();
  const all = (): GraphNode[] =>
    others.flatMap((y, k) => [k % 2 === 0 ? x.add(y) : y.add(x), x.sub(y)]);
  const [first, again] = [all(), all()];
  const wanted = [...first, ...again].map(({ id }) => id);
  const simplified = simplify(graph, wanted, 'f64');
  expect(again.map(({ id }) => simplified.nodeFor(id))).toEqual(first.map(({ id }) => id));
  expect(simplified.order.length).toBe(2002 + first.length);
});
