import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply, concat, Graph, type GraphNode, operations, sizeOf, slice } from '@ad/graph';
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
