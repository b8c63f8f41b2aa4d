import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gather, Graph, greater, oneHot, scatterAdd, tensor } from '@ad/graph';
import { compile } from '../../src/index.ts';
import { expectAgreement, waves } from '../support/agreement.ts';

const length = fc.integer({ min: 1, max: 9 });

/** Positions from -length to length - 1, many of them more than once. */
const positions = (count: number, along: number, seed: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => ((i * i * 7 + i * 3 + seed) % (2 * along)) - along);

test('rows read, added and marked at positions are those of the interpreter, along any axis', () => {
  fc.assert(
    fc.property(
      length,
      length,
      length,
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 99 }),
      (n, m, k, count, seed) => {
        const graph = new Graph();
        const shape = [n, m, k];
        const x = graph.input('x', { shape, value: waves(n * m * k, seed) });
        const integers = graph.input('integers', {
          value: tensor(positions(n, 50, seed), { kind: 'integer' }),
        });
        shape.forEach((along, axis) => {
          const at = graph.input(`at${axis}`, {
            value: tensor(positions(count, along, seed), { kind: 'integer' }),
          });
          const rows = gather(x.mul(2), at, axis);
          expectAgreement([rows, oneHot(at, along), gather(greater(x, 0), at, axis)]);
          expectAgreement([scatterAdd(rows.neg(), at, along, axis).add(1)]);
          if (axis === 0) expectAgreement([gather(integers, at), rows.sum({ axes: 0 })]);
        });
      },
    ),
    { numRuns: 25 },
  );
});

describe('a position outside is refused as by the interpreter', () => {
  test.each([3, -4, 2 ** 31 - 1, -(2 ** 31)])('%d of 3', (bad) => {
    const graph = new Graph();
    const at = graph.input('at', { shape: [2], kind: 'integer' });
    const x = graph.input('x', { value: [1, 2, 3] });
    const program = compile({ outputs: [gather(x, at)] });
    const marks = compile({ outputs: [oneHot(at, 3)] });
    const message = /index -?\d+ \(element 1\) is outside an axis of length 3/;
    expect(() => program.run({ at: Int32Array.of(0, bad) })).toThrow(message);
    expect(() => marks.run({ at: Int32Array.of(0, bad) })).toThrow(message);
    expect(program.run({ at: Int32Array.of(0, -1) })[0]!.toArray()).toEqual([1, 3]);
  });
});
