/**
 * No wrong derivative survives: every operation of every derivative in the table is replaced, one at a time, by what
 * a slip of the pen may write in its place, and the judges of the rows (the table of 50 digits and the conventions at
 * kinks) must find it. What they do not find is listed here, with the reason why it is no mistake.
 */
import type { Algebra, AlgebraName, ElementwiseRow } from '@ad/graph';
import { expect, test } from 'vitest';
import { realRows, valueAt } from '../support/elementwise.ts';
import { goldenPoints, partialBound } from '../support/golden.ts';
import { type Mistake, mistakesOf, watched } from '../support/mutant-algebra.ts';
import { ulpsBetween } from '../support/ulp.ts';

/** Mistakes that are none: which, and why. */
const HARMLESS: readonly (readonly [RegExp, string])[] = [
  [/^(atan2|tanh|mish|softsign) \d \d: -/, 'what follows is even: the sign goes'],
  [/^asinh 0 1: -constant/, 'a hypotenuse is even'],
  [/^(pow 0 6|sinc 0 45): abs too large by 1e-9/, 'where two branches meet, both hold'],
  [/^clamp 2 0: maximum too large by 1e-9/, 'no point lies so near to the bound'],
  [
    /^logAddExp \d [12]: (abs|constant|a constant) too large/,
    'it counts only whether it is infinite',
  ],
  [/^logAddExp \d 4: or for and/, 'the derivative is the same; those of higher order are not'],
  [/^xlogy 1 [235]: /, 'the derivative is the same; those of higher order are not'],
  [/^xlog1py 1 [457]: /, 'the derivative is the same; those of higher order are not'],
  [
    /^(elu 0 1|selu 0 2): minimum left out/,
    'it keeps the branch not taken finite, for higher orders',
  ],
  [
    /^(fmod|remainder) 1 2: (floor for round|round left out)/,
    'the quotient is an integer up to rounding',
  ],
  [
    /^sinc 0 \d+: (constant|mul|add) too large by 1e-9/,
    'less than the rounding of the sum of the series',
  ],
  [
    /^sinc 0 (2[3-9]|30): .* (1|left out|minimum|maximum)$/,
    'numbers so large are even integers anyway',
  ],
  [
    /^sinc 0 (2[3-9]|30): (floor for round|-|the operands of sub)/,
    'a cosine is even, and has a period',
  ],
];

const cases = realRows.flatMap((row) =>
  row.partials.flatMap((partial, k) => (typeof partial === 'number' ? [] : [{ row, k }])),
);

/** The mistakes that the judges do not find, as `row operand position: mistake`. */
const survivors = cases.map(({ row, k }) =>
  operationsOf(row, k).flatMap(([operation, operands], position) =>
    mistakesOf(operation, operands)
      .filter((mistake) => !isFound(row, k, position, mistake))
      .map(({ what }) => `${row.name} ${k} ${position}: ${what}`),
  ),
);

test.each(cases.map(({ row, k }, i) => [row.name, k, survivors[i]!] as const))(
  '%s: every mistake in the derivative by operand %i is found',
  (_name, _k, all) => {
    expect(all.filter((one) => !HARMLESS.some(([pattern]) => pattern.test(one)))).toStrictEqual([]);
  },
);

test.each(HARMLESS)('%s is needed: %s', (pattern) => {
  expect(survivors.flat().some((one) => pattern.test(one))).toBe(true);
});

/** The derivative by operand k over an algebra that may make mistakes; the value it starts from is right. */
function partialOver(
  A: Algebra<number>,
  row: ElementwiseRow,
  k: number,
  at: readonly number[],
): number {
  const partial = row.partials[k]!;
  if (typeof partial === 'number') return partial;
  return partial(A, valueAt(row, at), at[0] ?? 0, at[1] ?? 0, at[2] ?? 0);
}

/** The operations of a derivative, in order, with the operands they have at some point. */
function operationsOf(row: ElementwiseRow, k: number): [AlgebraName, readonly number[]][] {
  const calls: [AlgebraName, readonly number[]][] = [];
  const listing = watched((operation, operands) => {
    calls.push([operation, operands]);
    return undefined;
  });
  partialOver(listing, row, k, goldenPoints(row.name)[0]!.at);
  return calls;
}

function isFound(row: ElementwiseRow, k: number, position: number, mistake: Mistake): boolean {
  const mutant = (at: readonly number[]): number => {
    let calls = 0;
    const mistaken = watched(() => (calls++ === position ? mistake : undefined));
    return partialOver(mistaken, row, k, at);
  };
  const bound = partialBound(row.name, k);
  const beyond = goldenPoints(row.name).some(({ at, partials }) => {
    const wanted = partials[k]!;
    return wanted !== null && !(ulpsBetween(mutant(at), wanted) <= bound);
  });
  return (
    beyond || (row.kinks ?? []).some(({ at, partials }) => !Object.is(mutant(at), partials[k]))
  );
}
