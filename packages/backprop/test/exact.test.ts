/**
 * Polynomials in exact arithmetic, with zero tolerance. The oracle is forward mode, dual numbers over fractions of
 * unbounded integers: it shares no derivative rule and no algorithm with the sweeps.
 *
 * The generator keeps integers, derivatives and all partial sums below 2^53, so that the sweeps in double precision
 * must be exact, too.
 */
import { type Algebra, evaluateOver, type GraphNode, tensor, type Tensor } from '@ad/graph';
import { type BuiltRecipe, scalarGraphs } from '@ad/backprop/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forwardAllPairs, gradient, recomputingSweep, reverseSweep } from '../src/index.ts';
import { type Dual, duals } from './support/dual.ts';
import { type Rational, rational, rationals } from './support/rational.ts';

const first: Algebra<Dual<Rational>> = duals(rationals);
const second: Algebra<Dual<Dual<Rational>>> = duals(first);
const third: Algebra<Dual<Dual<Dual<Rational>>>> = duals(second);

const zero = rational(0);
const one = rational(1);

/** A value for every input by name. */
function fed<T>(
  { inputs }: BuiltRecipe,
  value: (input: GraphNode, index: number) => T,
): Record<string, T> {
  return Object.fromEntries(inputs.map((input, index) => [input.label!, value(input, index)]));
}

/** The integers that a recipe feeds. */
const integersOf = (built: BuiltRecipe): Rational[] =>
  built.inputs.map(({ label }) => rational((built.feeds[label!] as Tensor).item()));

/** The derivative with respect to input `i`, by dual numbers. */
function derivative(built: BuiltRecipe, at: readonly Rational[], i: number): Rational {
  const feeds = fed(built, (_, k): Dual<Rational> => [at[k]!, k === i ? one : zero]);
  return evaluateOver(first, built.output, feeds)[1];
}

const fractions: fc.Arbitrary<Rational> = fc
  .record({ n: fc.integer({ min: -30, max: 30 }), d: fc.integer({ min: 1, max: 9 }) })
  .map(({ n, d }) => rationals.div(rational(n), rational(d)));
const points = fc.array(fractions, { minLength: 3, maxLength: 3 });

test('a gradient graph over fractions is the derivative, exactly', () => {
  fc.assert(
    fc.property(scalarGraphs({ operations: 'polynomial' }), points, (recipe, at) => {
      const built = recipe.build();
      const feeds = fed(built, (_, k) => at[k]!);
      gradient(built.output, built.inputs).forEach((each, i) => {
        expect(evaluateOver(rationals, each, feeds)).toEqual(derivative(built, at, i));
      });
    }),
    { numRuns: 300 },
  );
});

test('second derivatives over fractions are exact', () => {
  fc.assert(
    fc.property(scalarGraphs({ operations: 'polynomial', maxSteps: 8 }), points, (recipe, at) => {
      const built = recipe.build();
      const feeds = fed(built, (_, k) => at[k]!);
      const unit = (k: number, i: number): Rational => (k === i ? one : zero);
      gradient(built.output, built.inputs).forEach((row, i) => {
        gradient(row, built.inputs).forEach((entry, j) => {
          const dual = fed(built, (_, k): Dual<Dual<Rational>> => [
            [at[k]!, unit(k, i)],
            [unit(k, j), zero],
          ]);
          expect(evaluateOver(rationals, entry, feeds)).toEqual(
            evaluateOver(second, built.output, dual)[1][1],
          );
        });
      });
    }),
  );
});

test('third derivatives over fractions are exact', () => {
  fc.assert(
    fc.property(
      scalarGraphs({ operations: 'polynomial', maxSteps: 7 }),
      points,
      fc.array(fc.nat({ max: 2 }), { minLength: 3, maxLength: 3 }),
      (recipe, at, chosen) => {
        const built = recipe.build();
        const feeds = fed(built, (_, k) => at[k]!);
        const [i, j, l] = chosen.map((n) => n % built.inputs.length) as [number, number, number];
        const x = built.inputs;
        const graph = gradient(gradient(gradient(built.output, x[i]!), x[j]!), x[l]!);
        const unit = (k: number, along: number): Rational => (k === along ? one : zero);
        const none: Dual<Rational> = [zero, zero];
        const dual = fed(built, (_, k): Dual<Dual<Dual<Rational>>> => [
          [
            [at[k]!, unit(k, i)],
            [unit(k, j), zero],
          ],
          [[unit(k, l), zero], none],
        ]);
        expect(evaluateOver(rationals, graph, feeds)).toEqual(
          evaluateOver(third, built.output, dual)[1][1][1],
        );
      },
    ),
  );
});

test('sweeps of integers in double precision are exact', () => {
  fc.assert(
    fc.property(scalarGraphs({ operations: 'polynomial', maxSteps: 40 }), (recipe) => {
      const built = recipe.build();
      const at = integersOf(built);
      const { output, inputs, feeds } = built;
      const [sweep, recomputed] = [
        reverseSweep(output, { feeds }),
        recomputingSweep(output, { feeds }),
      ];
      const table = forwardAllPairs(output, { feeds });
      inputs.forEach((x, i) => {
        const exact = derivative(built, at, i);
        // A fraction of itself: nothing may have been rounded on the way to a double.
        expect(rational(sweep.adjoint(x))).toEqual(exact);
        expect(rational(recomputed.adjoint(x))).toEqual(exact);
        // The table holds only what the output depends on; the derivative of nothing is nothing.
        const entry = sweep.reached(x) ? table.derivative(output, x) : 0;
        expect(rational(entry)).toEqual(exact);
      });
    }),
    { numRuns: 300 },
  );
});

test('the forward table and the reverse sweep are equal for all pairs of nodes', () => {
  fc.assert(
    fc.property(scalarGraphs({ operations: 'polynomial', deadBranches: false }), (recipe) => {
      const { nodes, output, feeds } = recipe.build();
      const table = forwardAllPairs(output, { feeds });
      for (const u of nodes) {
        const sweep = reverseSweep(u, { feeds });
        for (const z of nodes)
          expect(rational(sweep.adjoint(z))).toEqual(rational(table.derivative(u, z)));
      }
    }),
  );
});

test('the oracle itself differentiates by hand-checked examples', () => {
  const half = rational(0.5);
  expect(rationals.add(half, rationals.div(one, rational(3)))).toEqual({
    numerator: 5n,
    denominator: 6n,
  });
  expect(first.mul([half, one], [half, one])).toEqual([rational(0.25), one]);
  expect(first.div([one, zero], [rational(2), one])).toEqual([half, rational(-0.25)]);
  expect(() => rationals.sin(one)).toThrow(/rational algebra has no sin/);
  expect(() => rational(Infinity)).toThrow(RangeError);
  expect(tensor(0.5).item()).toBe(0.5);
});
