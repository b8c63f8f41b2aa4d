/**
 * Local derivatives against central differences of the values at random points of each row's domain.
 *
 * Five points with a step of 1e-3 leave an error of about 1e-12 (of the fourth order of the step, and rounding); the
 * tolerance is 1e-9 relative to the derivative and to the scale on which the function varies. Points come from
 * where the fourth order is small: the domain drawn in by a margin in which the step scales with the distance to
 * its edge, and away from where a function jumps.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ElementwiseRow } from '@ad/graph';
import { partialAt, realRows, valueAt } from '../support/elementwise.ts';

const TOLERANCE = 1e-9;

/** Points at which no two branches meet: the test of the kinks has those. */
const SMOOTH: Readonly<Record<string, (at: readonly number[]) => boolean>> = {
  abs: ([x]) => apart(x!, 0),
  sign: ([x]) => apart(x!, 0),
  cbrt: ([x]) => apart(x!, 0),
  selu: ([x]) => apart(x!, 0),
  // Its slope is smooth, but jumps in its own slope.
  softsign: ([x]) => apart(x!, 0),
  floor: ([x]) => apart(x!, Math.round(x!)),
  ceil: ([x]) => apart(x!, Math.round(x!)),
  trunc: ([x]) => apart(x!, Math.round(x!)),
  round: ([x]) => apart(x! + 0.5, Math.round(x! + 0.5)),
  fmod: isOffMultiples,
  remainder: isOffMultiples,
  relu: ([x]) => apart(x!, 0),
  leakyRelu: ([x]) => apart(x!, 0),
  elu: ([x]) => apart(x!, 0),
  minimum: ([x, y]) => apart(x!, y!),
  maximum: ([x, y]) => apart(x!, y!),
  clamp: ([x, low, high]) => apart(x!, low!) && apart(x!, high!) && apart(low!, high!),
  div: ([, y]) => apart(y!, 0),
  reciprocal: ([x]) => apart(x!, 0),
  hypot: ([x, y]) => Math.hypot(x!, y!) > 0.1,
  // The angle jumps at the half-line below the origin.
  atan2: ([x, y]) => Math.hypot(x!, y!) > 0.1 && (y! > 0 || apart(x!, 0)),
  tan: ([x]) => Math.abs(Math.cos(x!)) > 0.1,
};

/** Away from the jumps of a remainder, also when the divisor moves. */
function isOffMultiples([x, y]: readonly number[]): boolean {
  const quotient = x! / y!;
  return Math.abs(y!) > 0.5 && apart(quotient, Math.round(quotient));
}

function apart(x: number, y: number): boolean {
  return Math.abs(x - y) > 0.02;
}

/** Whether an operand is an order, which is an integer and does not move. */
function isOrder({ name }: ElementwiseRow, k: number): boolean {
  return name === 'polygamma' && k === 0;
}

/** Ordinary numbers of operand k inside its domain; of a condition, 0 and 1. */
function operand(row: ElementwiseRow, k: number): fc.Arbitrary<number> {
  if (row.operandKinds?.[k] === 'boolean') return fc.constantFrom(0, 1);
  if (isOrder(row, k)) return fc.integer({ min: 0, max: 4 });
  const [low, high] = row.domain?.[k] ?? [-Infinity, Infinity];
  const [from, to] = [Math.max(low, -6), Math.min(high, 6)];
  const even = fc.integer({ min: 0, max: 1 << 30 }).map((i) => from + (i / 2 ** 30) * (to - from));
  const allMagnitudes = fc.double({ min: from, max: to, noNaN: true });
  return fc
    .oneof({ weight: 3, arbitrary: even }, { weight: 1, arbitrary: allMagnitudes })
    .filter((x) => x - low > 1e-3 && high - x > 1e-3);
}

/** The distance over which a function may change shape at x: up to 1, less near an edge of the domain or a pole. */
function scaleAt(row: ElementwiseRow, k: number, at: readonly number[]): number {
  const [low, high] = row.domain?.[k] ?? [-Infinity, Infinity];
  const x = at[k]!;
  let scale = Math.min(1, x - low, high - x);
  if (row.name === 'cbrt') scale = Math.min(scale, Math.abs(x));
  if (row.name === 'fmod' || row.name === 'remainder') scale = 0.1;
  if (row.name === 'tan') scale = Math.min(scale, Math.abs(Math.cos(x)));
  if (row.name === 'div' || row.name === 'reciprocal')
    scale = Math.min(scale, Math.abs(at.at(-1)!));
  if (row.name === 'hypot' || row.name === 'atan2')
    scale = Math.min(scale, Math.hypot(at[0]!, at[1]!));
  return scale;
}

/** Fourth-order difference, divided by the steps really taken. */
function difference(row: ElementwiseRow, k: number, at: readonly number[], step: number): number {
  const moved = (h: number): number[] => at.map((x, i) => (i === k ? x + h : x));
  const quotient = (h: number): number => {
    const [above, below] = [moved(h), moved(-h)];
    return (valueAt(row, above) - valueAt(row, below)) / (above[k]! - below[k]!);
  };
  return (4 * quotient(step) - quotient(2 * step)) / 3;
}

describe.each(realRows.map((row) => [row.name, row] as const))('%s', (name, row) => {
  const conditions = row.operandKinds?.filter((kind) => kind === 'boolean') ?? [];
  test('its conditions come first and have no derivative', () => {
    expect(row.partials.slice(0, conditions.length)).toStrictEqual(conditions.map(() => 0));
  });

  const numeric = row.partials
    .map((_, k) => k)
    .slice(conditions.length)
    .filter((k) => !isOrder(row, k));
  test.each(numeric)('its derivative by operand %i is the slope of its value', (k) => {
    const points = fc
      .tuple(...Array.from({ length: row.arity }, (_, i) => operand(row, i)))
      .filter(SMOOTH[name] ?? (() => true));
    fc.assert(
      fc.property(points, (at) => {
        const scale = scaleAt(row, k, at);
        const slope = difference(row, k, at, 1e-3 * scale);
        const exact = partialAt(row, k, at);
        // Rounding of the value, magnified by the division by the step, is the other term.
        const size = Math.max(1, Math.abs(exact), Math.abs(valueAt(row, at)) / scale / 1e3);
        expect(Math.abs(slope - exact)).toBeLessThanOrEqual(TOLERANCE * size);
      }),
      { numRuns: 200 },
    );
  });
});
