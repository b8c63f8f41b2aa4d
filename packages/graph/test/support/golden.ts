/**
 * The table computed with 50 digits (`golden/make.py`) and how far from it a row may be: 2 ulp for values and 4 ulp
 * for derivatives, counted in doubles from the correctly rounded result; what cannot keep them is listed with its
 * reason and its measured error in `golden/deviations.json`.
 */
import { readFileSync } from 'node:fs';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8'));

/** One line of the table. */
export interface GoldenPoint {
  readonly at: readonly number[];
  readonly value: number;
  /** `null` where the derivative is a convention. */
  readonly partials: readonly (number | null)[];
}

const table = read('elementwise.json') as Readonly<Record<string, readonly string[]>>;

/** The rows that the table has. */
export const goldenNames: readonly string[] = Object.keys(table);

/** The lines for a row; none if the table does not have it. */
export function goldenPoints(name: string): readonly GoldenPoint[] {
  return (table[name] ?? []).map(parse);
}

function parse(line: string): GoldenPoint {
  const [at, value, partials] = line.split(' | ').map((part) => part.split(' '));
  return {
    at: at!.map(Number),
    value: Number(value![0]),
    partials: partials!.map((text) => (text === '-' ? null : Number(text))),
  };
}

/** The bound of every value. */
export const VALUE_ULPS = 2;
/** The bound of every derivative. */
export const PARTIAL_ULPS = 4;

/** What keeps a wider bound, the largest error measured over the table plus 1; listed in `docs/operations.md` too. */
export const WIDER = read('deviations.json') as Readonly<
  Record<string, { readonly ulps: number; readonly why: string }>
>;

/** How many ulp the value of a row may be off. */
export const valueBound = (name: string): number => WIDER[`${name} value`]?.ulps ?? VALUE_ULPS;

/** How many ulp the derivative by operand k may be off. */
export const partialBound = (name: string, k: number): number =>
  WIDER[`${name} partial ${k}`]?.ulps ?? PARTIAL_ULPS;
