import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate, Graph, type GraphNode, greater, less, minimum, slice, where } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { simplifiedText } from '../support/simplified-text.ts';

/** Ways to write x. */
const SAME: readonly ((x: GraphNode) => GraphNode)[] = [
  (x) => x.mul(1),
  (x) => x.graph.constant(1).mul(x),
  (x) => x.div(1),
  (x) => x.pow(1),
  (x) => x.add(-0),
  (x) => x.sub(0),
  (x) => x.neg().neg(),
  (x) => minimum(x, x),
  (x) => where(greater(x.graph.constant(0), 1), x.exp(), x),
  (x) => where(less(x, 0), x, x),
  (x) => x.transpose().transpose(),
  (x) => x.reshape([6]).reshape([2, 3]),
  (x) => x.reshape([2, 3]),
  (x) => x.broadcastTo([2, 3]),
  (x) => slice(x, [{}, {}]),
];

/** Ways to write what is almost x. */
const OTHER: readonly ((x: GraphNode) => GraphNode)[] = [
  (x) => x.add(0),
  (x) => x.mul(0).add(x),
  (x) => x.graph.constant(0).sub(x).neg(),
  (x) => slice(x, [{ step: -1 }, {}]),
  (x) => x.mul(1).sum({ axes: 0, keepDims: true }).mul(1),
];

const special = [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 1];

test.each(SAME.map((f) => [String(f), f] as const))('nothing is left of %s', (_, f) => {
  const x = new Graph().input('x', { shape: [2, 3] });
  expect(simplifiedText([f(x)])).toBe('#0 [2, 3] = x\n-> #0');
});

test.each(OTHER.map((f) => [String(f), f] as const))('not so of %s', (_, f) => {
  const x = new Graph().input('x', { shape: [2, 3] });
  expect(simplifiedText([f(x)])).not.toContain('-> #0');
});

test('values stay the same bit by bit, where they are NaN or zeros of either sign too', () => {
  const element = fc.oneof(fc.constantFrom(...special), fc.double());
  const program = new Graph().input('x', { shape: [2, 3] });
  const outputs = [...SAME, ...OTHER].map((f) => f(program));
  const compiled = compile({ outputs });
  fc.assert(
    fc.property(fc.array(element, { minLength: 6, maxLength: 6 }), (values) => {
      const x = Float64Array.from(values);
      const wanted = evaluate(outputs, { x });
      const got = compiled.run({ x });
      wanted.forEach((value, k) => {
        expect(got[k]!.toArray()).toEqual(value.toArray());
      });
    }),
  );
});
