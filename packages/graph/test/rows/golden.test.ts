/**
 * Values and local derivatives against a table computed with 50 digits (`golden/make.py`), which shares no formula
 * with the library. The bounds are 2 ulp for values and 4 ulp for derivatives, counted in doubles from the correctly
 * rounded result; what cannot keep them is listed with its reason and its measured error.
 */
import { describe, expect, test } from 'vitest';
import { partialAt, realRows, valueAt } from '../support/elementwise.ts';
import {
  goldenNames,
  goldenPoints,
  PARTIAL_ULPS,
  partialBound,
  VALUE_ULPS,
  valueBound,
  WIDER,
} from '../support/golden.ts';
import { ulpsBetween } from '../support/ulp.ts';

test('the table has the rows whose results are real, and no others', () => {
  expect(realRows.map(({ name }) => name).sort()).toStrictEqual([...goldenNames].sort());
});

describe.each(realRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const points = goldenPoints(name);

  test('has golden points', () => {
    expect(points.length).toBeGreaterThanOrEqual(39);
  });

  const ulps = valueBound(name);
  test(`its value is within ${ulps} ulp`, () => {
    const beyond = points.flatMap(({ at, value }) => excess(at, valueAt(row, at), value, ulps));
    expect(beyond).toStrictEqual([]);
  });

  test.each(row.partials.map((_, k) => k))(
    'its derivative by operand %i is within its bound',
    (k) => {
      const bound = partialBound(name, k);
      const known = points.filter((point) => point.partials[k] !== null);
      expect(known.length).toBeGreaterThan(20);
      const beyond = known.flatMap(({ at, partials }) =>
        excess(at, partialAt(row, k, at), partials[k]!, bound),
      );
      expect(beyond).toStrictEqual([]);
    },
  );
});

/** One that a better formula has made superfluous must go. */
test.each(Object.entries(WIDER))('the wider bound of %s is needed', (key) => {
  const [name, what, k] = key.split(' ');
  const row = realRows.find((candidate) => candidate.name === name)!;
  const points = goldenPoints(name!);
  const errors = points.map((point) =>
    what === 'value'
      ? ulpsBetween(valueAt(row, point.at), point.value)
      : ulpsBetween(partialAt(row, Number(k), point.at), point.partials[Number(k)] ?? NaN),
  );
  const finite = errors.filter((ulps) => ulps !== Infinity);
  expect(Math.max(...finite)).toBeGreaterThan(what === 'value' ? VALUE_ULPS : PARTIAL_ULPS);
});

/** What is further away than it may be, in words. */
function excess(at: readonly number[], got: number, wanted: number, bound: number): string[] {
  const ulps = ulpsBetween(got, wanted);
  return ulps <= bound ? [] : [`at (${at.join(', ')}): ${got} is ${ulps} ulp from ${wanted}`];
}
