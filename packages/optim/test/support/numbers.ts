/** Random numbers for properties. */
import fc from 'fast-check';

/**
 * Numbers spread evenly from `least` to `most`. (Those of `fc.double` are spread evenly over the floats, so that
 * nearly all are tiny: good for edges, useless for arithmetic.)
 */
export function between(least: number, most: number): fc.Arbitrary<number> {
  const steps = 2 ** 30;
  return fc.integer({ min: 0, max: steps }).map((k) => least + (most - least) * (k / steps));
}
