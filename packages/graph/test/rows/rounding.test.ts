/** Roundings, remainders and compositions of elementwise rows: what holds between them. */
import {
  celu,
  type ElementwiseRow,
  Graph,
  hardSigmoid,
  hardTanh,
  operations,
  xor,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partialAt, valueAt } from '../support/elementwise.ts';

type Name = 'remainder' | 'fmod' | 'floor' | 'ceil' | 'trunc' | 'round';

const at = (name: Name, ...operands: readonly number[]): number =>
  valueAt(operations[name] as ElementwiseRow, operands);

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const divisor = finite.filter((y) => y !== 0);
const small = fc.integer({ min: -60, max: 60 }).map((i) => i / 8);

test('a remainder has the sign of the divisor, or of the dividend, and is smaller than the divisor', () => {
  fc.assert(
    fc.property(
      fc.oneof(finite, small),
      fc.oneof(
        divisor,
        small.filter((y) => y !== 0),
      ),
      (x, y) => {
        const [r, f] = [at('remainder', x, y), at('fmod', x, y)];
        expect(r === 0 || Math.sign(r) === Math.sign(y)).toBe(true);
        expect(f === 0 || Math.sign(f) === Math.sign(x)).toBe(true);
        // The remainder with the other sign may round to the divisor itself, as in Python.
        expect(Math.abs(r)).toBeLessThanOrEqual(Math.abs(y));
        expect(Math.abs(f)).toBeLessThan(Math.abs(y));
      },
    ),
  );
});

test('dividend = quotient times divisor + remainder, with the quotient that the derivative states', () => {
  fc.assert(
    fc.property(small, small, (x, y) => {
      fc.pre(y !== 0);
      for (const name of ['remainder', 'fmod'] as const) {
        const quotient = -partialAt(operations[name] as ElementwiseRow, 1, [x, y]);
        expect(Number.isInteger(quotient)).toBe(true);
        expect(quotient * y + at(name, x, y)).toBe(x);
      }
    }),
  );
});

test('floor, ceil, trunc and round agree with those of the platform, signs of zeros included', () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), small), (x) => {
      expect(at('floor', x)).toBe(Math.floor(x));
      expect(at('ceil', x)).toBe(Math.ceil(x));
      expect(at('trunc', x)).toBe(Math.trunc(x));
      expect(at('round', -x)).toBe(-at('round', x));
    }),
  );
});

test('the composed activations have their closed forms', () => {
  const graph = new Graph();
  const x = graph.input('x', { value: [-4, -3, -1.5, 0, 1, 3, 5] });
  expect(hardTanh(x).tensor.toArray()).toStrictEqual([-1, -1, -1, 0, 1, 1, 1]);
  expect(hardSigmoid(x).tensor.toArray()).toStrictEqual([0, 0, 0.25, 0.5, 4 / 6, 1, 1]);
  expect(celu(x, 2).tensor.toArray()).toStrictEqual(
    [-4, -3, -1.5, 0, 1, 3, 5].map((v) => (v > 0 ? v : 2 * Math.expm1(v / 2))),
  );
  const nodes = graph.nodeCount;
  expect(() => celu(x, 0)).toThrow('celu: the scale is a number above 0, got 0');
  expect(() => celu(x, NaN)).toThrow('got NaN');
  expect(graph.nodeCount).toBe(nodes);
});

test('xor is true of exactly one', () => {
  const graph = new Graph();
  const a = graph.input('a', { value: [true, true, false, false] });
  const b = graph.input('b', { value: [true, false, true, false] });
  expect(xor(a, b).tensor.toArray()).toStrictEqual([false, true, true, false]);
  expect(() => xor(a, graph.input('x', { shape: [4] }))).toThrow('must be of kind boolean');
});
