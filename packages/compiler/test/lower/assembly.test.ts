import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  apply,
  concat,
  Graph,
  type GraphNode,
  operations,
  sizeOf,
  slice,
  stack,
  take,
  tensor,
} from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

/** Zeros per axis before, behind and between the elements. */
interface Zeros {
  readonly [name: string]: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly between: readonly number[];
}

const pad = (x: GraphNode, zeros: Zeros): GraphNode => apply(operations.pad, [x], zeros);

const few = fc.integer({ min: 0, max: 3 });
const length = fc.integer({ min: 0, max: 9 });

test('arrays with zeros around and between their elements are those of the interpreter', () => {
  const axis = fc.record({ length, before: few, after: few, between: few });
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 3 }), (axes) => {
      const shape = axes.map((each) => each.length);
      const x = new Graph().input('x', { shape, value: waves(sizeOf(shape), 1) });
      const widths = {
        before: axes.map(({ before }) => before),
        after: axes.map(({ after }) => after),
        between: axes.map(({ between }) => between),
      };
      const padded = (y: GraphNode): GraphNode => pad(y, widths);
      const y = x.exp();
      expectAgreement([padded(x), padded(y), padded(y).mul(2).sum(), padded(y.neg()).add(1), y]);
    }),
    { numRuns: 40 },
  );
});

test('concatenations take leaves, views, numbers, sums, products, and what others read too', () => {
  fc.assert(
    fc.property(length, length, few, (n, m, extra) => {
      const graph = new Graph();
      const x = graph.input('x', { shape: [n, m], value: waves(n * m, 2) });
      const y = graph.input('y', { shape: [m, extra], value: waves(m * extra, 3) });
      const e = x.exp();
      const parts = [
        x,
        e,
        e.sum({ axes: 1, keepDims: true }),
        x.sum({ axes: 1 }).reshape([n, 1]),
        x.matmul(y),
        graph.constant(3).broadcastTo([n, 2]),
        slice(x, [{}, { step: -1 }]),
        e,
      ];
      expectAgreement([concat(parts, 1), e, concat([x, e.neg()], 0).transpose()]);
      const flat = parts.map((part) => part.reshape([-1]));
      expectAgreement([concat(flat, 0), concat([...flat].reverse(), 0).mul(2)]);
    }),
    { numRuns: 40 },
  );
});

/** Concatenations of concatenations, of one node more than once, and of what is padded, gathered or empty. */
function nested(graph: Graph, steps: readonly (readonly [number, number, number])[]): GraphNode[] {
  const x = graph.input('x', { shape: [3, 2], value: waves(6, 4) });
  const at = graph.input('at', { value: Int32Array.of(2, -3, 1) });
  const nodes = [x, x.exp(), slice(x, [{}, { end: 0 }]), x.matmul(x.transpose())];
  for (const [choice, left, right] of steps) {
    const [a, b] = [nodes[left % nodes.length]!, nodes[right % nodes.length]!];
    const wide = a.shape[1]! + b.shape[1]! > 40;
    const makes = [
      () => (wide ? a : concat([a, b], 1)),
      () => (wide ? a : concat([b, a.sin(), b], 1)),
      () => (wide ? b : pad(a, { before: [0, 1], after: [0, 2], between: [0, 0] })),
      () => take(a, at),
      () =>
        concat([a, a], 0)
          .reshape([6 * a.shape[1]!])
          .reshape([2, 3, a.shape[1]!])
          .sum({ axes: 0 }),
      () =>
        a
          .neg()
          .reshape([3 * a.shape[1]!])
          .reshape(a.shape),
    ];
    nodes.push(makes[choice % makes.length]!());
  }
  return nodes;
}

test('concatenations within others are written where they belong, whoever else reads them', () => {
  const step = fc.tuple(fc.nat(5), fc.nat(), fc.nat());
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(), (steps, other) => {
      const nodes = nested(new Graph(), steps);
      const flat = nodes.slice(4).map((node) => node.reshape([sizeOf(node.shape)]));
      const inner = nodes[other % nodes.length]!;
      expectAgreement([concat(flat, 0)]);
      expectAgreement([concat(flat.reverse(), 0), inner, inner.square().sum({ axes: 1 })]);
    }),
    { numRuns: 60 },
  );
});

test('a concatenation in a concatenation has no array of its own', () => {
  const x = new Graph().input('x', { shape: [4], value: waves(4, 1) });
  const rows = stack([x.exp(), x.sin(), x.cos(), x.neg()], 1);
  const program = compile({ outputs: [concat([rows.reshape([16]), x.square()], 0)] });
  // The input and the output.
  expect(program.plan.bytes).toBe(8 * (4 + 20));
});

test('concatenations may be nested as deep as a graph is', () => {
  const x = new Graph().input('x', { value: [1, 2] });
  let whole = x.exp();
  for (let k = 0; k < 2000; k++) whole = concat([whole, x], 0);
  const [sum] = compile({ outputs: [whole.sum()] }).run();
  expect(sum!.item()).toBeCloseTo(Math.exp(1) + Math.exp(2) + 3 * 2000, 9);
});

test('integers are put together and cut out as they are', () => {
  const graph = new Graph();
  const large = Int32Array.from({ length: 12 }, (_, i) => 2 ** 31 - 1 - 7 * i);
  const n = graph.input('n', { value: tensor(large, { shape: [4, 3] }) });
  const at = graph.input('at', { value: Int32Array.of(3, 0, -1, 1) });
  const seven = graph.constant(tensor(Int32Array.of(7))).broadcastTo([4, 2]);
  const none = slice(n, [{}, { end: 0 }]);
  const row = concat([take(n, at), none, seven, n], 1);
  const zeros = { before: [1, 0], after: [0, 2], between: [0, 1] };
  expectAgreement([concat([row, row], 1), slice(row, [{ step: -1 }, { start: 2 }]), pad(n, zeros)]);
  expectAgreement([row.transpose(), n.mul(0.5).sum({ axes: 1 })]);
});

test('sums of padded arrays are right whether the parts meet or not', () => {
  const part = fc.record({ start: few, step: fc.integer({ min: 1, max: 3 }), count: few });
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 5 }), (parts) => {
      const graph = new Graph();
      const total = 12;
      const padded = parts.map(({ start, step, count }, k) => {
        const x = graph.input(`x${k}`, { shape: [count, 2], value: waves(count * 2, k) });
        const length = start + (count === 0 ? 0 : (count - 1) * step + 1);
        return pad(x.mul(3), {
          before: [start, 0],
          after: [total - length, 0],
          between: [step - 1, 0],
        });
      });
      const sum = padded.reduce((sofar, each) => sofar.add(each));
      expectAgreement([sum, sum.square().sum({ axes: 0 })]);
      expectAgreement([sum, padded[0]!]);
    }),
  );
});

test('the gradient with respect to an array used in slices is written in one loop, without clearing', () => {
  const graph = new Graph();
  const x = graph.input('x', { shape: [8], value: waves(8, 1) });
  const [odd, even] = [slice(x, [{ step: 2 }]), slice(x, [{ start: 1, step: 2 }])];
  const before = (start: number) => ({ before: [start], after: [1 - start], between: [1] });
  const whole = pad(odd.mul(even), before(0)).add(pad(even.exp().mul(odd.mul(even)), before(1)));
  const program = compile({ outputs: [whole] });
  expect(program.report().replace(/\d+ bytes of code/, 'some code')).toMatchInlineSnapshot(`
    "WebAssembly f64: 1 kernels, 128 bytes, 40 flops, some code, 0 updates in place
      loop over [4]: mul, exp, mul"
  `);
  expectAgreement([whole]);
});

test('an update put together from parts does not overwrite what the parts are computed from', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [1, 2, 3, 4] });
  const [head, tail] = [slice(x, [{ end: 2 }]), slice(x, [{ start: 2 }])];
  const program = compile({
    outputs: [x.sum()],
    updates: [[x, concat([tail.mul(10), head.add(tail)], 0)]],
  });
  program.run();
  program.run();
  expect([...program.inputs['x']!]).toEqual([40, 60, 34, 46]);
});
