/** Bodies of loops and branches whose arrays have a few elements, which are computed in scalars. */
import {
  broadcastTo,
  concat,
  cond,
  equal,
  fori,
  gather,
  Graph,
  type GraphNode,
  greater,
  less,
  matmul,
  maximum,
  pad,
  scan,
  slice,
  stack,
  tensor,
  toInteger,
  where,
  whileLoop,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

/** A number, three numbers, and two rows of two. */
interface State {
  readonly s: GraphNode;
  readonly v: GraphNode;
  readonly m: GraphNode;
}

const at = (x: GraphNode, i: number): GraphNode =>
  slice(x.reshape([-1]), [{ start: i, end: i + 1 }]).reshape([]);
/** Two elements, and a number behind them. */
const three = (pair: GraphNode, s: GraphNode): GraphNode =>
  concat([pair.reshape([2]), s.reshape([1])]);

/** What a step may do; all values stay between -1 and 1. */
const steps: Readonly<Record<string, (state: State) => State>> = {
  'scale the vector': (c) => ({ ...c, v: c.v.mul(c.s) }),
  'take two elements': (c) => ({ ...c, s: at(c.v, 2).mul(at(c.m, 3)) }),
  'turn the vector around': (c) => ({ ...c, v: slice(c.v, [{ step: -1 }]) }),
  'stack numbers': (c) => ({ ...c, v: stack([c.s, at(c.v, 0).neg(), at(c.m, 1)]) }),
  'shift the vector': (c) => ({ ...c, v: pad(slice(c.v, [{ end: 2 }]), [[1, 0]]) }),
  'append a number': (c) => ({ ...c, v: concat([slice(c.v, [{ start: 1 }]), c.s.reshape([1])]) }),
  'average all': (c) => ({ ...c, s: c.m.mean().add(c.v.mean()).mul(0.5) }),
  'average rows': (c) => ({ ...c, v: three(c.m.mean({ axes: [0] }), c.s) }),
  'average columns': (c) => ({ ...c, m: broadcastTo(c.m.mean({ axes: [1], keepDims: true }), [2, 2]) }), // prettier-ignore
  'apply the matrix': (c) => ({ ...c, s: at(c.m.matmul(slice(c.v, [{ end: 2 }])), 1).mul(0.3) }),
  'multiply matrices': (c) => ({ ...c, m: matmul(c.m, c.m).mul(0.5) }),
  'multiply with the transposed': (c) => ({ ...c, m: c.m.matmul(c.m.transpose()).matmul(c.m).mul(0.1) }), // prettier-ignore
  'multiply stacks of matrices': (c) => {
    const product = matmul(c.m.reshape([2, 1, 2]), c.m).reshape([2, 2]);
    return { ...c, m: product.mul(0.5) };
  },
  'add a row': (c) => ({ ...c, m: c.m.add(slice(c.v, [{ start: 1 }])).mul(0.5) }),
  'choose elements': (c) => ({ ...c, v: where(greater(c.v, c.s), c.v, c.v.mul(-0.5)) }),
  'choose a vector': (c) => ({ ...c, v: where(less(c.s, 0.1), three(slice(c.m, [{ end: 1 }]), c.s), c.v) }), // prettier-ignore
  'keep what is larger': (c) => ({ ...c, m: maximum(c.m, c.m.mul(c.s)) }),
  'look at a constant': (c) => {
    const numbers = c.s.graph.constant(tensor([[0.5, -0.25], [1, 0]])); // prettier-ignore
    return { ...c, m: c.m.mul(numbers) };
  },
  'call a function': (c) => ({ ...c, s: c.s.sin() }),
};

type Loop = (n: number, step: (state: State) => State, init: State) => State;

const loops: Readonly<Record<string, Loop>> = {
  fori: (n, step, init) => fori(n, (_, state) => step(state), init),
  scan: (n, step, init) => {
    const { carry, ys } = scan((c) => ({ carry: step(c), y: c.v }), init, undefined, { length: n + 1 }); // prettier-ignore
    return { ...carry, v: carry.v.add(ys.mean({ axes: [0] })).mul(0.5) };
  },
  whileLoop: (n, step, init) => {
    const start = { i: init.s.mul(0), ...init };
    const goesOn = ({ i, v }: State & { i: GraphNode }): GraphNode =>
      less(i.add(v.sum().mul(0)), n);
    return whileLoop(goesOn, ({ i, ...c }) => ({ i: i.add(1), ...step(c) }), start);
  },
  cond: (n, step, init) =>
    cond(
      greater(init.v.sum(), n - 2),
      () => step(init),
      () => step({ ...init, m: init.m.neg() }),
    ),
};

function first(graph: Graph, phase: number): State {
  const input = (name: string, shape: number[], k: number): GraphNode => {
    const size = shape.reduce((a, b) => a * b, 1);
    return graph.input(name, { shape, value: waves(size, phase + k).map((x) => x / 1.7) });
  };
  return { s: input('s', [], 1), v: input('v', [3], 2), m: input('m', [2, 2], 3) };
}

test('compiled = interpreted, whatever a step does', () => {
  const anyStep = fc.constantFrom(...Object.keys(steps));
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(loops)),
      fc.array(anyStep, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 3 }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.subarray(['s', 'v', 'm'] as const, { minLength: 1 }),
      (loop, names, n, phase, read) => {
        const graph = new Graph();
        const init = first(graph, phase);
        const step = (state: State): State =>
          names.reduce((before, name) => steps[name]!(before), state);
        const end = loops[loop]!(n, step, init);
        expectAgreement(read.map((name) => end[name]));
      },
    ),
  );
});

/** The kernels of the first loop, as the report has them. */
function kernelsIn(output: GraphNode): string[] {
  const lines = compile({ outputs: [output] })
    .report()
    .split('\n');
  const start = lines.findIndex((line) => line.trim() === 'scan') + 1;
  const end = lines.findIndex((line, i) => i >= start && !line.startsWith('    '));
  return lines.slice(start, end < 0 ? undefined : end).map((line) => line.trim());
}

const vector = (size: number): GraphNode => new Graph().input('x', { value: waves(size, 1) });

test.each(Object.keys(steps))('to %s is straight-line code', (name) => {
  const all = ({ s, v, m }: State): State => ({ s: s.mul(0.5), v: v.mul(s), m: m.mul(s) });
  const { s, v, m } = fori(9, (_, c) => all(steps[name]!(all(c))), first(new Graph(), 0));
  const kernels = kernelsIn(s.add(v.sum()).add(m.sum()));
  // A number that is an element twice is copied.
  const computing = kernels.filter((kernel) => !kernel.endsWith('concat'));
  expect(computing).toEqual([expect.stringMatching(/scalar operations: straight-line code/)]);
});

test('a step on a point in space is straight-line code', () => {
  const step = (x: GraphNode): GraphNode =>
    x.add(stack([at(x, 1), at(x, 2).mul(at(x, 0)), at(x, 0).neg()]).mul(0.1));
  const kernels = kernelsIn(fori(9, (_, x) => step(step(x)), vector(3)));
  expect(kernels).toEqual([expect.stringMatching(/scalar operations: straight-line code/)]);
});

test.each<[string, number, (x: GraphNode) => GraphNode]>([
  ['long arrays', 5, (x) => x.mul(x.sum())],
  ['one loop over elements', 4, (x) => x.mul(0.5).add(1)],
  ['functions of elements', 3, (x) => x.mul(x.sum()).tanh()],
  ['positions that are not known', 3, (x) => gather(x, toInteger(equal(x, 0).mul(2)))],
])('%s stay arrays', (_name, size, step) => {
  const kernels = kernelsIn(fori(9, (_i, x) => step(x), vector(size)));
  expect(kernels.join()).toMatch(new RegExp(`over \\[${size}\\]|gather`));
});
