/**
 * The vector code of elementary functions, against correctly rounded values in double precision (the golden table of
 * `@ad/graph` and a table of its own, `data/elementary.json`) and against the interpreter's doubles in single. The
 * bounds are the largest errors found with tens of thousands of random points per function in double precision and
 * tens of millions in single, these with a margin of some hundredths; no function may need more than 2 ulp.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byName, functionRows } from '../../graph/test/support/functions.ts';
import type { Precision } from '../src/code/expression.ts';
import { vectorMath } from '../src/code/vector-math.ts';
import { ulpsFrom } from './support/ulp.ts';
import { compileLoop, type Loop } from './support/vector-function.ts';

/** What is known of a function. */
interface Known {
  readonly arity?: 2;
  /** The largest error in ulp. */
  readonly f64: number;
  /** Of the 240 points of the table in double precision, those whose values were not correctly rounded. */
  readonly missed: number;
  readonly f32: number;
}

const KNOWN: Readonly<Record<string, Known>> = {
  exp: { f64: 1, missed: 12, f32: 1 },
  expm1: { f64: 1, missed: 2, f32: 1.2 },
  log: { f64: 1, missed: 5, f32: 0.85 },
  log1p: { f64: 1, missed: 8, f32: 0.9 },
  log2: { f64: 1, missed: 2, f32: 0.85 },
  log10: { f64: 1, missed: 3, f32: 0.75 },
  pow: { arity: 2, f64: 1, missed: 15, f32: 0.51 },
  sigmoid: { f64: 1, missed: 59, f32: 1.7 },
  softplus: { f64: 2, missed: 41, f32: 1.98 },
  sinh: { f64: 2, missed: 13, f32: 1.8 },
  cosh: { f64: 1, missed: 27, f32: 1.45 },
  tanh: { f64: 1, missed: 22, f32: 1.85 },
  asinh: { f64: 1, missed: 7, f32: 1.25 },
  acosh: { f64: 1, missed: 15, f32: 1.7 },
  atanh: { f64: 1, missed: 13, f32: 1.9 },
  sin: { f64: 1, missed: 6, f32: 0.501 },
  cos: { f64: 1, missed: 6, f32: 0.501 },
  tan: { f64: 2, missed: 35, f32: 0.501 },
  asin: { f64: 1, missed: 15, f32: 1.15 },
  acos: { f64: 1, missed: 22, f32: 1.2 },
  atan: { f64: 1, missed: 9, f32: 1.9 },
  atan2: { arity: 2, f64: 1, missed: 44, f32: 1.9 },
  hypot: { arity: 2, f64: 1, missed: 41, f32: 0.501 },
  erf: { f64: 1, missed: 16, f32: 0.51 },
  erfc: { f64: 1, missed: 20, f32: 0.52 },
};

const PRECISIONS = ['f64', 'f32'] as const;
const CASES = PRECISIONS.flatMap((precision) =>
  Object.keys(KNOWN).map((name) => [name, precision] as const),
);
/** The vector code of all functions. */
const MATH = vectorMath(new Map(functionRows.map((row) => [row.name, row])));
const reference = byName as unknown as Readonly<Record<string, (...x: number[]) => number>>;
const arityOf = (name: string): number => KNOWN[name]!.arity ?? 1;

type Point = readonly number[];

/** The function at many points, computed by one loop. */
function valuesAt(name: string, precision: Precision, points: readonly Point[]): Loop['result'] {
  const loop = compileLoop(name, arityOf(name), precision, points.length, MATH);
  fill(loop, points);
  loop.execute();
  return loop.result;
}

function fill(loop: Loop, points: readonly Point[]): void {
  points.forEach((point, i) => {
    loop.operands.forEach((operand, k) => {
      operand[i] = point[k]!;
    });
  });
}

/** Where the function is further from its reference than it may be, in words. */
function beyond(
  name: string,
  precision: Precision,
  points: readonly Point[],
  wanted: (point: Point, index: number) => number,
  bound = KNOWN[name]![precision],
): string[] {
  const values = valuesAt(name, precision, points);
  return points.flatMap((point, i) => {
    const value = wanted(point, i);
    const ulps = ulpsFrom(precision, values[i]!, value);
    return ulps <= bound
      ? []
      : [`${name}(${point.join(', ')}) is ${values[i]!}, ${ulps} ulp from ${value}`];
  });
}

const roundAll = (precision: Precision, points: readonly Point[]): Point[] =>
  precision === 'f64' ? [...points] : points.map((point) => point.map(Math.fround));

/** Operands and correctly rounded values, from lines of numbers. */
function readTable(lines: readonly string[], arity: number): { at: Point; value: number }[] {
  return lines.map((line) => {
    const row = line.replaceAll('|', ' ').trim().split(/\s+/).map(Number);
    return { at: row.slice(0, arity), value: row[arity]! };
  });
}

const readLines = (path: string): Readonly<Record<string, readonly string[]>> =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as never;
const golden = readLines('../../graph/test/golden/elementwise.json');
const table = readLines('data/elementary.json');

const SPECIAL = [0, -0, Infinity, -Infinity, NaN];
const EDGES: Readonly<Record<Precision, readonly number[]>> = {
  f64: [5e-324, 2 ** -1022, 2 ** -1022 - 5e-324, Number.MAX_VALUE, 2 ** 53, 1 - 2 ** -53],
  f32: [2 ** -149, 2 ** -126, 2 ** -126 - 2 ** -149, 2 ** 128 - 2 ** 104, 2 ** 24, 1 - 2 ** -24],
};

/** All tuples of values of this length. */
const tuples = (values: readonly number[], arity: number): Point[] =>
  arity === 1 ? values.map((x) => [x]) : values.flatMap((x) => values.map((y) => [x, y]));

/** Sixteen numbers of each binade and sign, and even steps through ordinary magnitudes. */
function sweep(arity: number): Point[] {
  const points: number[] = [];
  for (let exponent = -149; exponent < 128; exponent++) {
    for (let k = 0; k < 16; k++) {
      const x = (1 + ((k * 0.618_033_988_75 + exponent * 0.327) % 1) ** 2) * 2 ** exponent;
      points.push(x, -x);
    }
  }
  for (let k = -20_000; k < 20_000; k++) points.push(k * 3.7e-4, k * 0.009_13);
  const seconds = points.map((_, i) => points[(i * 7919 + 13) % points.length]!);
  return points.map((x, i) => (arity === 1 ? [x] : [x, i % 2 === 0 ? seconds[i]! : x * 1.37]));
}

test('every function that has vector code is known here', () => {
  expect(Object.keys(MATH).sort()).toStrictEqual(Object.keys(KNOWN).sort());
});

test('no function needs more than 2 ulp', () => {
  const bounds = Object.values(KNOWN).flatMap(({ f64, f32 }) => [f64, f32]);
  expect(Math.max(...bounds)).toBeLessThanOrEqual(2);
});

test.each(Object.entries(KNOWN))('%s rounds correctly where it did', (name, { missed }) => {
  const rows = readTable(table[name]!, arityOf(name));
  const points = rows.map((row) => row.at);
  const value = (_: Point, i: number): number => rows[i]!.value;
  expect(rows.length).toBe(240);
  // Two more, as the platform's functions, which serve large operands, differ.
  expect(beyond(name, 'f64', points, value, 0).length).toBeLessThanOrEqual(missed + 2);
});

/** Points that vector code leaves to the platform, and how many of these operands that is. */
const LEFT: readonly (readonly [name: string, points: readonly Point[], calls: number])[] = [
  ['sin', [[3], [-99_999], [1e5], [1e6], [0.5], [-1e30], [7]], 2],
  ['cos', [[3], [-99_999], [1e5], [1e6], [0.5], [-1e30], [7]], 2],
  ['tan', [[3], [-99_999], [1e5], [1e6], [0.5], [-1e30], [7]], 2],
  ['pow', [2, -3, 0, 1e30, Infinity, 7, 0.1].map((x) => [x, 1.5]), 2],
  ['atan2', [2, -3, 0, 1e30, Infinity, 7, 0.1].map((y) => [y, 0]), 2],
  ['exp', [[3], [1e30], [-Infinity], [0], [NaN]], 0],
];

describe.each(PRECISIONS)('in %s', (precision) => {
  test.each(LEFT)('%s calls the platform only for lanes that need it', (name, points, calls) => {
    const arity = arityOf(name);
    const loop = compileLoop(name, arity, precision, points.length, MATH);
    fill(loop, points);
    loop.execute();
    expect(loop.calls()).toBe(calls);
  });
});

describe.each(PRECISIONS)('in %s', (precision) => {
  test.each(['exp', 'sigmoid', 'softplus'])('%s decays to 0 and stays there', (name) => {
    const [from, step] = precision === 'f64' ? [-700, 0.37] : [-80, 0.05];
    const points = Array.from({ length: 4000 }, (_, k): Point => [Math.fround(from - k * step)]);
    const bound = KNOWN[name]![precision] + (precision === 'f64' ? 1 : 0);
    const value = (at: Point): number => reference[name]!(...at);
    const last = value(points.at(-1)!);
    expect(precision === 'f64' ? last : Math.fround(last)).toBe(0);
    expect(beyond(name, precision, points, value, bound)).toStrictEqual([]);
  });
});

describe.each(CASES)('%s in %s', (name, precision) => {
  const arity = arityOf(name);

  test('keeps its bound at the points of the golden table', () => {
    const rows = readTable(golden[name]!, arity);
    const points = roundAll(
      precision,
      rows.map((row) => row.at),
    );
    const value = (point: Point, i: number): number =>
      precision === 'f64' ? rows[i]!.value : reference[name]!(...point);
    expect(points.length).toBeGreaterThanOrEqual(39);
    expect(beyond(name, precision, points, value)).toStrictEqual([]);
  });

  test('keeps its bound through all magnitudes', () => {
    const rows = readTable(table[name]!, arity);
    const points = precision === 'f64' ? rows.map((row) => row.at) : roundAll('f32', sweep(arity));
    const value = (point: Point, i: number): number =>
      precision === 'f64' ? rows[i]!.value : reference[name]!(...point);
    expect(points.length).toBeGreaterThanOrEqual(200);
    expect(beyond(name, precision, points, value)).toStrictEqual([]);
  });

  test('agrees with the interpreter at random', () => {
    // The interpreter's doubles are themselves up to 2 ulp from the truth.
    const bound = KNOWN[name]![precision] + (precision === 'f64' ? 2 : 0);
    const anything = precision === 'f64' ? fc.double({ noNaN: true }) : fc.float({ noNaN: true });
    const ordinary = fc
      .double({ noNaN: true, noDefaultInfinity: true, min: -30, max: 30 })
      .map((x) => (precision === 'f64' ? x : Math.fround(x)));
    const number = fc.oneof(anything, ordinary);
    const point = fc.array(number, { minLength: arity, maxLength: arity });
    fc.assert(
      fc.property(fc.array(point, { minLength: 40, maxLength: 40 }), (points) => {
        const value = (at: Point): number => reference[name]!(...at);
        expect(beyond(name, precision, points, value, bound)).toStrictEqual([]);
      }),
    );
  });

  test('equals the interpreter at 0, -0, the infinities and NaN', () => {
    const points = tuples(SPECIAL, arity);
    const values = valuesAt(name, precision, points);
    points.forEach((point, i) => {
      const wanted = reference[name]!(...point);
      expect([...point, values[i]]).toStrictEqual([
        ...point,
        precision === 'f64' ? wanted : Math.fround(wanted),
      ]);
    });
  });

  test('keeps its bound at the edges of the format and of the domain', () => {
    const edges = [...EDGES[precision], 1, 2, 0.5, 1000].flatMap((x) => [x, -x]);
    const bound = KNOWN[name]![precision] + (precision === 'f64' ? 1 : 0);
    const value = (at: Point): number => reference[name]!(...at);
    expect(beyond(name, precision, tuples(edges, arity), value, bound)).toStrictEqual([]);
  });

  test('computes each lane as if it were alone, in vectors and one by one', () => {
    const values = [...SPECIAL, ...EDGES[precision], 1e6, -1e30, 0.3, -0.7, 1.1, 2.5, -9, 40];
    const points = tuples(values, arity);
    const single = compileLoop(name, arity, precision, 1, MATH);
    const alone = points.map((point) => {
      fill(single, [point]);
      single.execute();
      return single.result[0]!;
    });
    for (const turn of [0, 1, 2, 3]) {
      // Other neighbours each time; lengths that leave a remainder.
      const order = points.map((_, i) => (i * 5 + turn) % points.length);
      const together = valuesAt(
        name,
        precision,
        order.map((i) => points[i]!),
      );
      expect(Array.from(together)).toStrictEqual(order.map((i) => alone[i]!));
    }
  });
});
