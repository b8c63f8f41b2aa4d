/** Carries and results of loops that nobody reads. */
import { Graph, type GraphNode, less, scan, tensor, whileLoop } from '@ad/graph';
import { expect, test } from 'vitest';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

interface State {
  readonly a: GraphNode;
  readonly b: GraphNode;
  readonly c: GraphNode;
}

/** The first depends on itself alone, the second on the first, the third on all. */
const step = ({ a, b, c }: State): State => ({
  a: a.mul(0.9).add(0.1),
  b: b.mul(a).cos(),
  c: c.add(a.mul(b).sin()).mul(0.5),
});

const first = (): State => {
  const graph = new Graph();
  const input = (name: string, phase: number): GraphNode =>
    graph.input(name, { value: waves(12, phase) });
  return { a: input('a', 1), b: input('b', 2), c: input('c', 3) };
};

const loops: Readonly<Record<string, () => State & { readonly y?: GraphNode }>> = {
  scan: () => {
    const { carry, ys } = scan((c) => ({ carry: step(c), y: c.a.exp() }), first(), undefined, { length: 4 }); // prettier-ignore
    return { ...carry, y: ys };
  },
  whileLoop: () => whileLoop(({ a }) => less(a.sum(), 6), step, first()),
};

test.each(Object.entries(loops))('of a %s what is read is as in the interpreter', (_name, loop) => {
  for (const names of [['a'], ['b'], ['c'], ['a', 'b'], ['a', 'c'], ['b', 'c'], ['a', 'b', 'c']]) {
    const end = loop();
    expectAgreement(names.map((name) => end[name as 'a']));
    if (end.y !== undefined) expectAgreement([end.y, ...names.map((name) => end[name as 'a'])]);
  }
});

test.each(Object.entries(loops))('of a %s no more is computed', (_name, loop) => {
  const { a, b, c, y } = loop();
  const reportOf = (output: GraphNode): string => compile({ outputs: [output] }).report();
  expect(reportOf(a)).not.toMatch(/sin|cos/);
  expect(reportOf(b)).toMatch('cos');
  expect(reportOf(b)).not.toMatch('sin');
  expect(reportOf(c)).toMatch('sin');
  if (y === undefined) return;
  expect(reportOf(y)).toMatch('exp');
  expect(reportOf(y)).not.toMatch(/sin|cos/);
  expect(reportOf(a)).not.toMatch('exp');
});

test('a carry that stays is not copied, and may be stacked up and read', () => {
  const graph = new Graph();
  const input = (name: string, phase: number): GraphNode =>
    graph.input(name, { value: waves(6, phase) });
  const start = { a: input('a', 1), b: input('b', 2) };
  const { carry, ys } = scan(({ a, b }) => ({ carry: { a: a.mul(b), b }, y: b }), start, undefined, { length: 3 }); // prettier-ignore
  const end = whileLoop(
    ({ a }) => less(a.square().sum(), 90),
    ({ a, b }) => ({ a: a.mul(2), b }),
    start,
  );
  const loops = [carry.a, carry.b, ys, end.a, end.b];
  expectAgreement(loops);
  const [inside] = compile({ outputs: [carry.a, carry.b] })
    .report()
    .match(/(?<=scan\n)( {4}.*\n?)+/)!;
  expect(inside).not.toMatch('copy');
});

test('a loop of which only the number of steps counts tests its condition', () => {
  const graph = new Graph();
  const { n } = whileLoop(
    ({ x }) => less(x.sum(), 10),
    ({ x, n, z }) => ({ x: x.mul(1.5), n: n.add(1), z: z.mul(x) }),
    {
      x: graph.input('x', { value: tensor([1, 2]) }),
      n: graph.constant(0),
      z: graph.constant(tensor([1, 1])),
    },
  );
  expectAgreement([n]);
  expect(n.value).toBe(3);
});
