import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { reverseSweep } from '@ad/backprop';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chart, dotsOf } from './chart.ts';
import { fitExponent, largerSizes } from './exponents.ts';
import { families } from './families.ts';
import {
  chainCounts,
  completeCounts,
  type Counts,
  ladderCounts,
  networkCounts,
} from './formulas.ts';
import { chain, complete, ladder, network } from './graphs.ts';
import { algorithms, count, differences, workOf } from './measure.ts';
import { exponentTable, exponents, measurementTable } from './report.ts';

describe('every count equals its closed formula', () => {
  const sizes = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

  test('on chains', () => {
    fc.assert(
      fc.property(sizes(60), (n) => {
        expect(count(chain(n), true)).toEqual(chainCounts(n));
      }),
    );
  });

  test('on diamond ladders', () => {
    fc.assert(
      fc.property(sizes(30), (n) => {
        expect(count(ladder(n), true)).toEqual(ladderCounts(n));
      }),
    );
  });

  test('on networks of any width and depth', () => {
    const width = fc.integer({ min: 1, max: 7 });
    const depth = fc.integer({ min: 2, max: 7 });
    fc.assert(
      fc.property(width, depth, (w, L) => {
        expect(count(network(w, L), true)).toEqual(networkCounts(w, L));
      }),
    );
  });

  test('on complete DAGs', () => {
    fc.assert(
      fc.property(sizes(14), (n) => {
        expect(count(complete(n), true)).toEqual(completeCounts(n));
      }),
    );
  });

  test('and a wrong count is named', () => {
    const formula = chainCounts(3);
    expect(differences(formula, formula)).toEqual([]);
    expect(differences({ ...formula, messages: 4 }, formula)).toEqual([
      'messages: counted 4, the formula says 3',
    ]);
  });
});

test('a ladder of 2^60 paths is swept once over each edge, and its derivative is that of the halved sines', () => {
  const output = ladder(60);
  const x = output.graph.find('x');
  const sweep = reverseSweep(output);
  // sin u cos u = sin(2u) / 2 has the derivative cos(2u).
  let [value, derivative] = [1, 1];
  for (let i = 0; i < 60; i++) {
    derivative *= Math.cos(2 * value);
    value = Math.sin(2 * value) / 2;
  }
  expect(sweep.value.item()).toBeCloseTo(value, 12);
  expect(sweep.adjoint(x) / derivative).toBeCloseTo(1, 12);
});

describe('growth', () => {
  test('the fit recovers any exponent and ignores the factor', () => {
    const exponent = fc.double({ min: -3, max: 3, noNaN: true });
    const factor = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(exponent, factor, sizes, (p, c, xs) => {
        const fitted = fitExponent(xs.map((x) => ({ x, work: c * x ** p })));
        // Neighbouring large sizes magnify the rounding of their logarithms.
        const spread = Math.log(Math.max(...xs) / Math.min(...xs));
        expect(Math.abs(fitted - p)).toBeLessThan(1e-12 + 1e-13 / spread);
      }),
    );
  });

  test('the fit refuses what has no slope', () => {
    expect(() => fitExponent([])).toThrow(/two different sizes/);
    expect(() =>
      fitExponent([
        { x: 2, work: 1 },
        { x: 2, work: 3 },
      ]),
    ).toThrow(/two different sizes/);
    expect(() =>
      fitExponent([
        { x: 1, work: 1 },
        { x: 2, work: 0 },
      ]),
    ).toThrow(/must be positive, got 0 at 2/);
  });

  test('the larger half is kept, and never less than two', () => {
    const points = (xs: readonly number[]) => xs.map((x) => ({ x, work: x }));
    expect(largerSizes(points([5, 1, 4, 2, 3])).map(({ x }) => x)).toEqual([3, 4, 5]);
    expect(largerSizes(points([2, 1])).map(({ x }) => x)).toEqual([1, 2]);
    expect(largerSizes(points([1]))).toHaveLength(1);
  });

  test.each(families)('the exponents of the $name tend to 1, 2 and 2', ({ formula }) => {
    const far = [1e4, 2e4, 4e4].map((n) => ({ n, counts: formula(n), milliseconds: {} }));
    for (const against of ['nodes', 'edges'] as const) {
      const [reverse, allPairs, recomputing] = exponents(far, against);
      expect(reverse).toBeCloseTo(1, 2);
      expect(allPairs).toBeCloseTo(2, 2);
      expect(recomputing).toBeCloseTo(2, 2);
    }
  });

  test.each([
    ['chain', 1 / 2, 1 / 2],
    ['diamond ladder', 1 / 2, 1 / 2],
    ['layered network', 1 / 3, 1 / 9],
    ['complete DAG', 1 / 9, 1 / 27],
  ])('on a large %s the quadratic algorithms do %d V^2 and %d V^2', (name, pairs, recomputing) => {
    const { nodes, entries, evaluations } = families
      .find((family) => family.name === name)!
      .formula(1e5);
    expect(entries / nodes ** 2).toBeCloseTo(pairs, 3);
    expect(evaluations / nodes ** 2).toBeCloseTo(recomputing, 3);
  });
});

describe('the report', () => {
  const results = new Map(
    families.map(({ name, sizes, large, formula }) => [
      name,
      [
        ...sizes.map((n) => ({ n, counts: formula(n), milliseconds: { reverse: 1 } })),
        ...large.map((n) => ({ n, counts: linear(formula(n)), milliseconds: {} })),
      ],
    ]),
  );

  test('tables have lines of one length', () => {
    for (const text of [exponentTable(results), ...[...results.values()].map(measurementTable)]) {
      const lengths = stripVTControlCharacters(text)
        .split('\n')
        .map((line) => line.length);
      expect(new Set(lengths).size).toBe(1);
    }
  });

  test('the chart has a dot for each count, and the documentation shows this chart', () => {
    const svg = chart(dotsOf(results));
    const dots = [...results.values()]
      .flat()
      .flatMap(({ counts }) =>
        algorithms.filter((algorithm) => workOf(algorithm, counts) !== undefined),
      );
    // And one for each algorithm in the legend.
    expect(svg.match(/<circle/g)).toHaveLength(dots.length + algorithms.length);
    expect(svg).not.toContain('NaN');
    const shown = readFileSync(new URL('../../docs/complexity.svg', import.meta.url), 'utf8');
    expect(svg === shown, 'run `start` and copy out/complexity.svg to docs/complexity.svg').toBe(
      true,
    );
  });
});

/** What the reverse sweep alone counts. */
function linear({
  nodes,
  edges,
  messages,
  additions,
  activations,
  cells,
}: Counts): Partial<Counts> {
  return { nodes, edges, messages, additions, activations, cells };
}
