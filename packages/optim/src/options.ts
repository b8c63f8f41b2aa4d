/**
 * Checks of options, in one place and with one wording: who was called, which option, what it is, what it may be.
 * They run when something is made, before anything has happened.
 */
import { describeValue, ValueError } from '@ad/graph';

export { checkNames, describeValue } from '@ad/graph';

/** A range of numbers: the test and the words for it. */
export interface Range {
  /** As in "expected ...". */
  readonly words: string;
  /** Whether a number is in the range; NaN never is. */
  readonly holds: (x: number) => boolean;
}

/** Learning rates, decays. */
export const NON_NEGATIVE: Range = {
  words: 'a finite number of 0 or more',
  holds: (x) => x >= 0 && x < Infinity,
};

/** Step sizes, radii, constants of smoothness and convexity, limits. */
export const POSITIVE: Range = {
  words: 'a finite number above 0',
  holds: (x) => x > 0 && x < Infinity,
};

/** Coefficients of moving averages. */
export const BELOW_ONE: Range = {
  words: 'a number from 0 up to but not including 1',
  holds: (x) => x >= 0 && x < 1,
};

/** Fractions. */
export const UP_TO_ONE: Range = {
  words: 'a number from 0 to 1',
  holds: (x) => x >= 0 && x <= 1,
};

/** Fractions that are neither nothing nor all. */
export const BETWEEN_0_AND_1: Range = {
  words: 'a number above 0 and below 1',
  holds: (x) => x > 0 && x < 1,
};

/** Counts of something that must be there. */
export const POSITIVE_INTEGER: Range = {
  words: 'an integer of 1 or more',
  holds: (x) => Number.isSafeInteger(x) && x >= 1,
};

/** Seeds of generators. */
export const SEED: Range = {
  words: 'an integer from 0 to 2^53 - 1',
  holds: (x) => Number.isSafeInteger(x) && x >= 0,
};

/**
 * A number in a range, or the default where it is not given.
 *
 * @param fallback - the default; NaN where there is none.
 * @throws `ValueError` when it is not in the range, or missing without a default.
 */
export function numberOption(
  caller: string,
  name: string,
  value: number | undefined,
  fallback: number,
  range: Range,
): number {
  if (value === undefined && !Number.isNaN(fallback)) return fallback;
  if (value === undefined) {
    throw new ValueError(`${caller}: ${name} is missing, expected ${range.words}`);
  }
  if (typeof value !== 'number' || !range.holds(value)) {
    throw new ValueError(`${caller}: ${name} is ${describeValue(value)}, expected ${range.words}`);
  }
  return value;
}

/**
 * A truth value, or the default where it is not given.
 *
 * @throws `ValueError` when it is anything else.
 */
export function booleanOption(
  caller: string,
  name: string,
  value: boolean | undefined,
  fallback: boolean,
): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') {
    throw new ValueError(`${caller}: ${name} is ${describeValue(value)}, expected true or false`);
  }
  return value;
}

/**
 * Checks that something is a function.
 *
 * @param words - what was expected.
 * @throws `ValueError` when it is not.
 */
export function checkFunction(caller: string, name: string, value: unknown, words: string): void {
  if (typeof value === 'function') return;
  throw new ValueError(`${caller}: ${name} is ${describeValue(value)}, expected ${words}`);
}
