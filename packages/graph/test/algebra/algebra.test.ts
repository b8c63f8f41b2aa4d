/** Algebras other than numbers: exact rationals, and algebras that have only part of the vocabulary. */
import {
  AdError,
  type Algebra,
  type ElementwiseRow,
  evaluateOver,
  Graph,
  operations,
  partialAlgebra,
  reciprocal,
} from '@ad/graph';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** A fraction in lowest terms with a positive denominator. */
type Rational = readonly [numerator: bigint, denominator: bigint];

function reduced(n: bigint, d: bigint): Rational {
  let [a, b] = [n < 0n ? -n : n, d < 0n ? -d : d];
  while (b !== 0n) [a, b] = [b, a % b];
  const sign = d < 0n ? -1n : 1n;
  return [(sign * n) / a, (sign * d) / a];
}

const rationals = partialAlgebra<Rational>('rational', {
  constant: (value) => [BigInt(value), 1n],
  add: ([a, b], [c, d]) => reduced(a * d + c * b, b * d),
  sub: ([a, b], [c, d]) => reduced(a * d - c * b, b * d),
  mul: ([a, b], [c, d]) => reduced(a * c, b * d),
  div: ([a, b], [c, d]) => reduced(a * d, b * c),
  neg: ([a, b]) => [-a, b],
});

const rational = fc
  .tuple(fc.bigInt({ min: -50n, max: 50n }), fc.bigInt({ min: 1n, max: 20n }))
  .map(([n, d]) => reduced(n, d));
const nonZero = rational.filter(([n]) => n !== 0n);

test('over rationals the field laws hold exactly in graphs', () => {
  const graph = new Graph();
  const [x, y, z] = ['x', 'y', 'z'].map((name) => graph.input(name));
  const equal = [
    [x!.add(y!).mul(z!), x!.mul(z!).add(y!.mul(z!))],
    [x!.sub(y!).mul(x!.add(y!)), x!.square().sub(y!.square())],
    [x!.div(y!).add(z!.div(y!)), x!.add(z!).div(y!)],
    [reciprocal(x!).mul(x!), graph.constant(1)],
  ] as const;
  fc.assert(
    fc.property(nonZero, nonZero, nonZero, (p, q, r) => {
      const feeds = { x: p, y: q, z: r };
      for (const [left, right] of equal) {
        expect(evaluateOver(rationals, left, feeds)).toStrictEqual(
          evaluateOver(rationals, right, feeds),
        );
      }
    }),
  );
});

test('over rationals the derivatives of rational operations are exact: difference quotients of polynomials', () => {
  // For f quadratic in an operand, the central difference is the derivative, whatever the step.
  const rows = ['add', 'sub', 'mul', 'square', 'neg'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...rows),
      rational,
      rational,
      nonZero,
      fc.nat(1),
      (name, x, y, h, k) => {
        const row = operations[name] as ElementwiseRow;
        fc.pre(k < row.arity);
        const value = (at: readonly Rational[]): Rational =>
          row.value(rationals, at[0]!, at[1]!, at[1]!);
        const moved = (step: Rational): Rational[] =>
          [x, y].map((c, i) => (i === k ? rationals.add(c, step) : c));
        const rise = rationals.sub(value(moved(h)), value(moved(rationals.neg(h))));
        const slope = rationals.div(rise, rationals.add(h, h));
        const partial = row.partials[k]!;
        const exact =
          typeof partial === 'number'
            ? rationals.constant(partial)
            : partial(rationals, value([x, y]), x, y, y);
        expect(exact).toStrictEqual(slope);
      },
    ),
  );
});

test('a partial algebra names itself and what it has not', () => {
  const x = new Graph().input('x');
  expect(() => evaluateOver(rationals, x.tanh(), { x: [1n, 2n] })).toThrow(AdError);
  expect(() => evaluateOver(rationals, x.tanh(), { x: [1n, 2n] })).toThrow(
    'the rational algebra has no tanh',
  );
});

test('an algebra of names writes expressions down', () => {
  const names = partialAlgebra<string>('name', {
    constant: (value) => String(value),
    add: (a, b) => `(${a} + ${b})`,
    mul: (a, b) => `${a} ${b}`,
    exp: (a) => `exp ${a}`,
  } satisfies Partial<Algebra<string>>);
  const graph = new Graph();
  const [x, y] = [graph.input('x'), graph.input('y')];
  expect(evaluateOver(names, x.mul(y).exp().add(2), { x: 'x', y: 'y' })).toBe('(exp x y + 2)');
});
