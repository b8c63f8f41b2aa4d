/** Distances in units in the last place. */
import type { Precision } from '../../src/code/expression.ts';

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The position of a double in the order of all doubles; both zeros are at 0. */
function position(x: number): bigint {
  double[0] = x;
  const pattern = bits[0]!;
  return pattern < 0n ? -(pattern & 0x7fff_ffff_ffff_ffffn) : pattern;
}

/**
 * How far a result is from a reference. In double precision, doubles from the correctly rounded one; in single, the
 * distance from a reference with more digits in units in the last place of the reference's rounding, so that correct
 * rounding has at most 1/2. NaN is infinitely far from numbers; infinity is one unit above the largest number.
 */
export function ulpsFrom(precision: Precision, result: number, reference: number): number {
  const rounded = precision === 'f64' ? reference : Math.fround(reference);
  if (Object.is(result, rounded) && (precision === 'f64' || !Number.isFinite(rounded))) return 0;
  if (Number.isNaN(result) || Number.isNaN(reference)) {
    return Number.isNaN(result) && Number.isNaN(reference) ? 0 : Infinity;
  }
  if (precision === 'f64') return Math.abs(Number(position(result) - position(reference)));
  const largest = 2 ** 128 - 2 ** 104;
  const [got, wanted] = [result, reference].map((x) =>
    Number.isFinite(Math.fround(x)) ? x : Math.sign(x) * (largest + 2 ** 104),
  );
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.min(Math.abs(rounded), largest))));
  return Math.abs(got! - wanted!) / 2 ** (exponent - 23);
}
