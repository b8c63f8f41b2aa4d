/** Sizes and shapes of graphs that break recursive, quadratic or careless implementations. */
import {
  and,
  evaluate,
  gather,
  Graph,
  type GraphNode,
  greater,
  less,
  maximum,
  minimum,
  sign,
  Tensor,
  where,
} from '@ad/graph';
import { describe, expect, test } from 'vitest';
import { gradient, reverseSweep } from '../src/index.ts';
import { chain, ladder } from './support/structures.ts';

const MILLION = 1_000_000;

/** All of these summed in a balanced tree. */
function sumTree(nodes: readonly GraphNode[]): GraphNode {
  let level = [...nodes];
  while (level.length > 1) {
    const next: GraphNode[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(level[i]!.add(level[i + 1]!));
    if (level.length % 2 === 1) next.push(level.at(-1)!);
    level = next;
  }
  return level[0]!;
}

test('a chain of a million nodes', () => {
  const { x, output } = chain(MILLION);
  const sweep = reverseSweep(output, { count: true });
  expect(sweep.counts).toMatchObject({
    nodes: MILLION + 1,
    messages: MILLION,
    additions: 0,
    activations: MILLION + 1,
  });
  // The product of the cosines down the chain, in the order of the sweep.
  const values = [0.5];
  for (let i = 0; i < MILLION; i++) values.push(Math.sin(values[i]!));
  let product = 1;
  for (let i = MILLION - 1; i >= 0; i--) product *= Math.cos(values[i]!);
  expect(sweep.adjoint(x)).toBe(product);
  expect(evaluate(gradient(output, x)).item()).toBe(product);
});

test('a fan-out of a million', () => {
  const x = new Graph().input('x', { value: 0.5 });
  const output = sumTree(Array.from({ length: MILLION }, () => x.neg()));
  const sweep = reverseSweep(output, { count: true });
  expect(sweep.adjoint(x)).toBe(-MILLION);
  expect(sweep.counts).toMatchObject({
    nodes: 2 * MILLION,
    messages: 3 * MILLION - 2,
    additions: MILLION - 1,
  });
  expect(evaluate(gradient(output, x)).item()).toBe(-MILLION);
});

test('a fan-in of a million', () => {
  const graph = new Graph();
  const leaves = Array.from({ length: MILLION }, (_, i) => graph.constant(i));
  const output = sumTree(leaves);
  const sweep = reverseSweep(output);
  expect(sweep.value.item()).toBe((MILLION * (MILLION - 1)) / 2);
  expect(leaves.every((leaf) => sweep.adjoint(leaf) === 1)).toBe(true);
  const gradients = gradient(output.mul(0.5), leaves);
  expect(gradients).toHaveLength(MILLION);
  expect(new Set(gradients.map(({ id }) => id)).size).toBe(1);
  expect(gradients[0]!.value).toBe(0.5);
});

test('a ladder of 60 diamonds: 2^60 paths, 120 messages', () => {
  const { x, output } = ladder(60);
  const sweep = reverseSweep(output, { count: true });
  expect(sweep.counts).toMatchObject({ nodes: 61, messages: 120, additions: 60 });
  expect(sweep.adjoint(x)).toBe(2 ** 60);
  expect(evaluate(gradient(output, x)).item()).toBe(2 ** 60);
});

test('a ladder of 60 squares of sums has a second derivative, in a graph that grows linearly', () => {
  const x = new Graph().input('x', { value: 1 });
  let y = x;
  for (let i = 0; i < 60; i++) y = y.add(y.mul(0.5)).mul(0.5);
  // y = (3/4)^60 x
  const before = x.graph.nodeCount;
  const first = gradient(y.square(), x);
  const second = gradient(first, x);
  expect(second.value).toBeCloseTo(2 * 0.75 ** 120, 22);
  expect(x.graph.nodeCount - before).toBeLessThan(60 * 20);
});

describe('dead branches', () => {
  test('are neither evaluated nor reached, and have adjoint 0', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 2 });
    // Evaluating this would throw: the input has no value, the index is outside.
    const unfed = graph.input('unfed').mul(x);
    const outside = graph.constant(new Tensor([1], 'integer', Int32Array.of(99)));
    const wild = gather(graph.input('v', { value: [1, 2] }), outside);
    const output = x.square();
    const sweep = reverseSweep(output);
    expect(sweep.adjoint(x)).toBe(4);
    for (const dead of [unfed, graph.find('unfed')]) {
      expect(sweep.reached(dead)).toBe(false);
      expect(sweep.adjoint(dead)).toBe(0);
    }
    expect(sweep.adjointTensor(wild).toArray()).toEqual([0]);
    expect(evaluate(gradient(output, x)).item()).toBe(4);
  });

  test('the gradient graph does not depend on them, even where they share nodes', () => {
    const graph = new Graph();
    const x = graph.input('x', { value: 2 });
    const shared = x.square();
    graph.input('unfed').mul(shared);
    expect(evaluate(gradient(shared.mul(3), x)).item()).toBe(12);
  });
});

describe('duplicate operands send one message each', () => {
  const cases: readonly [string, (x: GraphNode) => GraphNode, number][] = [
    ['x + x', (x) => x.add(x), 2],
    ['x - x', (x) => x.sub(x), 0],
    ['x x', (x) => x.mul(x), 6],
    ['x / x', (x) => x.div(x), 0],
    ['x^x', (x) => x.pow(x), 27 * (1 + Math.log(3))],
    ['max(x, x)', (x) => maximum(x, x), 1],
    ['min(x, x)', (x) => minimum(x, x), 1],
    ['hypot(x, x)', (x) => x.mul(0).add(x.mul(x).add(x.mul(x)).sqrt()), Math.SQRT2],
    ['where(x > 0, x, x)', (x) => where(and(greater(x, 0), less(x, 9)), x, x), 1],
  ];

  test.each(cases)('%s', (_name, f, derivative) => {
    const x = new Graph().input('x', { value: 3 });
    const y = f(x);
    expect(reverseSweep(y).adjoint(x)).toBeCloseTo(derivative, 13);
    expect(gradient(y, x).value).toBeCloseTo(derivative, 13);
  });

  test('of matrices: X X and X X^T', () => {
    const x = new Graph().input('x', {
      value: [
        [1, 2],
        [3, 4],
      ],
    });
    // d sum(X X) = S X^T + X^T S with S all ones.
    expect(reverseSweep(x.matmul(x).sum()).adjointTensor(x).toArray()).toEqual([
      [7, 11],
      [9, 13],
    ]);
    expect(gradient(x.matmul(x).sum(), x).tensor.toArray()).toEqual([
      [7, 11],
      [9, 13],
    ]);
    // d trace(X X^T) = 2 X.
    expect(reverseSweep(x.mul(x).sum()).adjointTensor(x).toArray()).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });
});

describe('an output that is', () => {
  test('an input', () => {
    const graph = new Graph();
    const [x, y] = [graph.input('x', { value: 7 }), graph.input('y')];
    const sweep = reverseSweep(x, { count: true });
    expect([sweep.value.item(), sweep.adjoint(x), sweep.adjoint(y)]).toEqual([7, 1, 0]);
    expect(sweep.counts).toMatchObject({
      nodes: 1,
      messages: 0,
      multiplications: 0,
      additions: 0,
      activations: 1,
    });
    expect(gradient(x, [x, y]).map((each) => each.value)).toEqual([1, 0]);
  });

  test('a constant', () => {
    const graph = new Graph();
    const x = graph.input('x');
    const two = graph.constant(2);
    const sweep = reverseSweep(two, { count: true });
    expect([sweep.value.item(), sweep.adjoint(two), sweep.adjoint(x)]).toEqual([2, 1, 0]);
    expect(sweep.counts.messages).toBe(0);
    expect(gradient(two, x).value).toBe(0);
  });

  test('independent of the input although computed from it', () => {
    const x = new Graph().input('x', { value: 7 });
    for (const y of [sign(x), x.mul(0), x.sub(x)]) {
      expect(reverseSweep(y).adjoint(x)).toBe(0);
      expect(gradient(y, x).value).toBe(0);
    }
  });
});
