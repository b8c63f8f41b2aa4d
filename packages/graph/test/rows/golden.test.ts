/**
 * Values and local derivatives against a table computed with 50 digits (`golden/make.py`), which shares no formula
 * with the library. The bounds are 2 ulp for values and 4 ulp for derivatives, counted in doubles from the correctly
 * rounded result; what cannot keep them is listed with its reason and its measured error.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { partialAt, realRows, valueAt } from '../support/elementwise.ts';
import { ulpsBetween } from '../support/ulp.ts';

const golden = JSON.parse(
  readFileSync(new URL('../golden/elementwise.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly string[]>>;

interface GoldenPoint {
  readonly at: readonly number[];
  readonly value: number;
  /** `null` where the derivative is a convention. */
  readonly partials: readonly (number | null)[];
}

function parse(line: string): GoldenPoint {
  const [at, value, partials] = line.split(' | ').map((part) => part.split(' '));
  return {
    at: at!.map(Number),
    value: Number(value![0]),
    partials: partials!.map((text) => (text === '-' ? null : Number(text))),
  };
}

const VALUE_ULPS = 2;
const PARTIAL_ULPS = 4;

/** What keeps a wider bound, the largest error measured over the table plus 1; listed in `docs/operations.md` too. */
const WIDER = JSON.parse(
  readFileSync(new URL('../golden/deviations.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly ulps: number; readonly why: string }>>;

describe.each(realRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const points = (golden[name] ?? []).map(parse);

  test('has golden points', () => {
    expect(points.length).toBeGreaterThanOrEqual(39);
  });

  const valueBound = WIDER[`${name} value`]?.ulps ?? VALUE_ULPS;
  test(`its value is within ${valueBound} ulp`, () => {
    const beyond = points.flatMap(({ at, value }) =>
      excess(at, valueAt(row, at), value, valueBound),
    );
    expect(beyond).toStrictEqual([]);
  });

  test.each(row.partials.map((_, k) => k))(
    'its derivative by operand %i is within its bound',
    (k) => {
      const bound = WIDER[`${name} partial ${k}`]?.ulps ?? PARTIAL_ULPS;
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
  const points = golden[name!]!.map(parse);
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
