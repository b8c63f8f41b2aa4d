import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evals } from './evals.ts';
import {
  detInput,
  gmmInput,
  htInput,
  kmeansInput,
  llsqInput,
  lseInput,
  lstmInput,
  odeInput,
} from './generate.ts';
import { answer } from './protocol.ts';
import * as reference from './reference.ts';

/** The result of a function. */
function run(module: string, name: string, input: unknown): unknown {
  const { run: compute, output } = evals.get(module)!.functions[name]!(input);
  compute();
  return output();
}

/** Relative to the largest element. */
function expectClose(got: unknown, expected: unknown, tolerance = 1e-10): void {
  const [a, b] = [[got].flat(9) as number[], [expected].flat(9) as number[]];
  expect(a.length).toBe(b.length);
  const size = Math.max(0, ...b.map(Math.abs));
  a.forEach((value, i) => {
    expect(Number.isFinite(value)).toBe(true);
    expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(tolerance * size);
  });
}

/** The gradient of a function of a vector by central differences of fourth order. */
function differences(f: (x: number[]) => number, x: readonly number[]): number[] {
  return x.map((xi, i) => {
    const h = 1e-3 * Math.max(1, Math.abs(xi));
    const at = (k: number): number => f(x.map((xj, j) => (j === i ? xj + k * h : xj)));
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
  });
}

/** Some numbers. */
const lseX = (count: number): number[] => (lseInput(count) as { x: number[] }).x;

/** Where something stands in a value: the first three elements of each list, and all fields. */
function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const inside = Object.keys(value)
    .slice(0, Array.isArray(value) ? 3 : undefined)
    .flatMap((key) => pathsOf((value as never)[key]).map((path) => [key].concat(path)));
  return [[], ...inside];
}

/** The value with something else in one place. */
function replaced(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy: Record<string, unknown> = Array.isArray(value)
    ? ([...(value as unknown[])] as never)
    : { ...(value as object) };
  copy[key] = replaced(copy[key], rest, other);
  return copy;
}

describe('the closed forms', () => {
  test('llsq, for any number of coefficients and points', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 40 }), (m, n) => {
        const input = llsqInput(n, m);
        const { value, gradient } = reference.llsq(input as never);
        expectClose(run('llsq', 'primal', input), value);
        expectClose(run('llsq', 'gradient', input), gradient);
      }),
      { numRuns: 15 },
    );
    const input = llsqInput(500);
    expectClose(run('llsq', 'gradient', input), reference.llsq(input as never).gradient);
  });

  test.each([1, 2, 33, 1000, 20_000])('lse of %d numbers', (n) => {
    const input = lseInput(n);
    const { value, gradient } = reference.lse(input as never);
    expectClose(run('lse', 'primal', input), value);
    expectClose(run('lse', 'gradient', input), gradient);
  });

  test('lse of many numbers: each weight, that of the largest too', () => {
    const input = lseInput(100_000);
    const gradient = run('lse', 'gradient', input) as number[];
    const wrong = reference
      .lse(input as never)
      .gradient.map((weight, i) => Math.abs(gradient[i]! / weight - 1));
    expect(wrong.reduce((a, b) => Math.max(a, b))).toBeLessThan(1e-12);
  });

  test('lse of large numbers', () => {
    // Where a plain exponential would overflow.
    expectClose(run('lse', 'gradient', { x: [1000, 1000] }), [0.5, 0.5]);
  });

  test.each([1, 2, 3, 5, 7])('det, %d rows', (ell) => {
    const input = detInput(ell);
    const { value, gradient } = reference.det(input as never);
    expectClose(run('det', 'primal', input), value);
    expectClose(run('det', 'gradient', input), ell === 1 ? [1] : gradient);
  });

  test.each([
    [1, 2, 1],
    [2, 9, 5],
    [7, 200, 3],
    [20, 1000, 8],
  ])('kmeans, k = %d, n = %d, d = %d', (k, n, d) => {
    const input = kmeansInput(k, n, d);
    const { value, step } = reference.kmeans(input as never);
    expectClose(run('kmeans', 'cost', input), value);
    expectClose(run('kmeans', 'dir', input), step);
  });

  test.each([
    [1, 1],
    [2, 3],
    [5, 20],
    [12, 50],
  ])('ode, n = %d, s = %d: each component is a product of the first x, up to a factor', (n, s) => {
    const input = odeInput(n, s) as { x: number[]; s: number };
    const solution = reference.ode(input);
    expectClose(run('ode', 'primal', input), solution);
    expectClose(
      run('ode', 'gradient', input),
      input.x.map((xi) => solution[n - 1]! / xi),
    );
  });
});

describe('plain formulas and their differences', () => {
  test.each([
    [1, 2],
    [2, 3],
    [4, 2],
  ])('gmm, d = %d, k = %d', (d, k) => {
    const input = gmmInput(d, k, 6) as Parameters<typeof reference.gmm>[0];
    expectClose(run('gmm', 'objective', input), reference.gmm(input));
    const slopes = run('gmm', 'jacobian', input) as Record<string, unknown>;
    for (const name of ['alpha', 'mu', 'q', 'l'] as const) {
      const values = [input[name]].flat<unknown[], 9>(9) as number[];
      const width = name === 'alpha' ? 0 : values.length / k;
      const shaped = (x: number[]): unknown =>
        name === 'alpha'
          ? x
          : Array.from({ length: k }, (_, c) => x.slice(c * width, (c + 1) * width));
      const expected = differences((x) => reference.gmm({ ...input, [name]: shaped(x) }), values);
      expect(slopes[name]).toHaveLength(k);
      expectClose(slopes[name], expected, 1e-8);
    }
  });

  test('lstm', () => {
    const input = lstmInput(2, 6, 3) as Parameters<typeof reference.lstm>[0];
    expectClose(run('lstm', 'objective', input), reference.lstm(input));
    const flat = [...input.main_params.flat(), ...input.extra_params.flat()];
    const rows = (x: number[], width: number): number[][] =>
      Array.from({ length: x.length / width }, (_, i) => x.slice(i * width, (i + 1) * width));
    const expected = differences(
      (x) =>
        reference.lstm({
          ...input,
          main_params: rows(x.slice(0, 48), 12),
          extra_params: rows(x.slice(48), 3),
        }),
      flat,
    );
    expectClose(run('lstm', 'jacobian', input), expected, 1e-9);
  });

  test.each([
    ['turned', [0.3, -0.2, 0.5]],
    ['hardly turned', [6e-3, 6e-3, -5e-3]],
    ['turned so little that quotients would cancel', [2e-8, -1e-8, 3e-8]],
    ['not turned at all', [0, 0, 0]],
  ])('ba, %s', (_, axis) => {
    const cam = [...axis, 0.2, 0.1, 0.4, 500, 3, 2, 0.01, 0.001];
    const [x, w, feat] = [[0.5, 0.8, 6], 0.7, [10, 20]];
    const input = { n: 2, m: 3, p: 5, cam, x, w, feat };
    const errors = reference.reprojection(cam, x, w, feat);
    expect(run('ba', 'objective', input)).toMatchObject({
      reproj_error: { repeated: 5 },
      w_err: { repeated: 5 },
    });
    const { reproj_error: got, w_err: weight } = run('ba', 'objective', input) as {
      reproj_error: { elements: number[] };
      w_err: { element: number };
    };
    expectClose(got.elements, errors);
    expectClose(weight.element, 1 - w * w);
    const { rows, cols, vals } = run('ba', 'jacobian', input) as Record<string, number[]>;
    const expected = [0, 1].flatMap((component) =>
      differences(
        (v) => reference.reprojection(v.slice(0, 11), v.slice(11, 14), v[14]!, feat)[component]!,
        [...cam, ...x, w],
      ),
    );
    expectClose(vals!.slice(0, 30), expected, 1e-8);
    expect(vals![30]).toBe(-2 * w);
    expect(rows!.slice(0, 11)).toEqual([0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150]);
    expect(rows!.at(-1)).toBe(31 * 5);
    const first = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 22, 23, 24, 31];
    expect(cols!.slice(0, 30)).toEqual([...first, ...first]);
    expect(cols!.at(-1)).toBe(2 * 11 + 3 * 3 + 4);
  });

  test.each([
    ['complicated', true, false],
    ['simple', false, false],
    ['mirrored', true, true],
  ])('ht, %s', (_, isComplicated, isMirrored) => {
    const input = htInput(1, isComplicated, 60) as reference.HandInput;
    input.data.model.is_mirrored = isMirrored;
    input.data.correspondences = input.data.correspondences.slice(0, 4);
    input.data.points = input.data.points.slice(0, 4);
    input.us = input.us.slice(0, 4);
    const errors = reference.ht(input);
    expectClose(run('ht', 'objective', input), errors);
    const jacobian = run('ht', 'jacobian', input) as number[][];
    errors.forEach((_error, row) => {
      const point = Math.floor(row / 3);
      const own = isComplicated ? input.us[point]! : [];
      const expected = [
        ...differences((u) => {
          const us = input.us.map((pair, i) => (i === point ? u : pair));
          return reference.ht({ ...input, us })[row]!;
        }, own),
        ...differences((theta) => reference.ht({ ...input, theta })[row]!, input.theta),
      ];
      expectClose(jacobian[row], expected, 1e-8);
    });
  });

  test('ht, hardly turned: the identity', () => {
    const input = htInput(1, false, 60) as reference.HandInput;
    input.theta = input.theta.map((angle, i) => (i < 3 ? 1e-6 : angle));
    expectClose(run('ht', 'objective', input), reference.ht(input));
  });
});

describe('nested derivatives', () => {
  test('particle: the four pairs of modes meet the origin', () => {
    for (const pair of ['ff', 'fr', 'rf', 'rr'])
      expectClose(run('particle', pair, { w: 0 }), 0.2071918746486116, 1e-10);
  });

  test('saddle: the four pairs of modes stop at the same point', () => {
    const expected = new Array<number>(4).fill(8.246324826140356e-6);
    for (const pair of ['ff', 'fr', 'rf', 'rr'])
      expectClose(run('saddle', pair, { start: [1, 1] }), expected, 1e-10);
  });
});

describe('the protocol', () => {
  const ask = (message: unknown): Record<string, unknown> => {
    const text = answer(typeof message === 'string' ? message : JSON.stringify(message), () => {});
    return JSON.parse(text!) as Record<string, unknown>;
  };

  test('a whole exchange', () => {
    expect(ask({ id: 0, kind: 'start', eval: 'hello' })).toEqual({ id: 0, tool: 'ad' });
    expect(ask({ id: 1, kind: 'define', module: 'hello' })).toEqual({ id: 1, success: true });
    const evaluated = ask({
      id: 2,
      kind: 'evaluate',
      module: 'hello',
      function: 'square',
      input: 3,
    });
    expect(evaluated).toMatchObject({ id: 2, success: true, output: 9 });
    expect(ask({ id: 3, kind: 'analysis', of: 2, valid: true })).toEqual({ id: 3 });
  });

  test('one timing for each run, integers, and the preparation under a name of its own', () => {
    const { timings } = ask({
      id: 4,
      kind: 'evaluate',
      module: 'lse',
      function: 'gradient',
      input: { x: [1, 2], min_runs: 5, min_seconds: 0 },
    }) as { timings: { name: string; nanoseconds: number }[] };
    expect(timings.map(({ name }) => name)).toEqual(['prepare', ...Array(5).fill('evaluate')]);
    expect(timings.every(({ nanoseconds }) => Number.isInteger(nanoseconds))).toBe(true);
  });

  test('what does not exist is answered with an error', () => {
    expect(ask({ id: 5, kind: 'define', module: 'none' })).toEqual({
      id: 5,
      success: false,
      error: 'there is no module "none"',
    });
    const of = (message: object): unknown => ask({ id: 6, kind: 'evaluate', ...message });
    expect(of({ module: 'none', function: 'f', input: 1 })).toMatchObject({ success: false });
    expect(of({ module: 'hello', function: 'cube', input: 1 })).toMatchObject({
      success: false,
      error: 'hello has no function "cube"; there are square, double',
    });
    expect(of({ module: 'hello', function: 'constructor', input: 1 })).toMatchObject({
      success: false,
    });
    expect(ask({ id: 7, kind: 'dance' })).toMatchObject({ success: false });
  });

  test.each([
    ['lse', 'primal', { x: [] }, /x is empty/],
    ['lse', 'primal', { x: [1, 'a'] }, /x\[1\] is "a", expected a number/],
    ['llsq', 'primal', { x: [1], n: 1 }, /n is 1, expected an integer of 2 or more/],
    ['det', 'primal', { A: [1, 2, 3], ell: 2 }, /A has 3 elements, expected 4/],
    ['kmeans', 'cost', { points: [[1], [1, 2]], centroids: [[1]] }, /points\[1\] has 2 elements/],
    ['gmm', 'objective', null, /the input is null, expected an object/],
    ['saddle', 'ff', { start: [1] }, /start has 1 elements, expected 2/],
    ['ba', 'objective', { n: 1, m: 1, p: 1, cam: [1] }, /cam has 1 elements, expected 11/],
  ])('wrong input of %s.%s is named', (module, name, input, message) => {
    const reply = ask({ id: 8, kind: 'evaluate', module, function: name, input });
    expect(reply).toMatchObject({ id: 8, success: false });
    expect(reply['error']).toMatch(message);
  });

  test('an output that JSON cannot hold is no success', () => {
    const input = { ...(gmmInput(1, 2, 3) as object), gamma: -1 };
    expect(ask({ id: 9, kind: 'evaluate', module: 'gmm', function: 'objective', input })).toEqual({
      id: 9,
      success: false,
      error: 'the output has elements that are not finite',
    });
  });

  /** Whether a reply holds a result, all of it numbers, or says what is wrong. */
  const isAnswer = ({ success, output, error }: Record<string, unknown>): boolean =>
    success === true
      ? !JSON.stringify(output ?? null).includes('null')
      : typeof error === 'string' && error !== '';

  const small: Readonly<Record<string, unknown>> = {
    llsq: llsqInput(4, 3),
    lse: lseInput(3),
    det: detInput(2),
    kmeans: kmeansInput(2, 3, 2),
    gmm: gmmInput(2, 2, 3),
    lstm: lstmInput(1, 3, 2),
    ba: { n: 1, m: 1, p: 1, cam: lseX(11), x: lseX(3), w: 0.5, feat: lseX(2) },
    ht: htInput(1, true, 5),
    ode: odeInput(3, 2),
  };

  test.each(Object.keys(small))(
    '%s answers whatever it gets: a result, or what is wrong',
    (name) => {
      const odd = [null, 'a', true, -1, 0.5, 1e300, [], {}, [null], [[]]];
      const functions = Object.keys(evals.get(name)!.functions);
      fc.assert(
        fc.property(
          fc.constantFrom(...functions),
          fc.constantFrom(...pathsOf(small[name])),
          fc.constantFrom(...odd),
          (function_, path, value) => {
            const input = replaced(small[name], path, value);
            const message = { id: 10, kind: 'evaluate', module: name, function: function_, input };
            expect(ask(message)).toSatisfy(isAnswer);
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  test('odd numbers of runs count as none given', () => {
    for (const odd of [null, 'a', -1, [], {}, true]) {
      const input = { x: [1, 2], min_runs: odd, min_seconds: odd };
      const { timings } = ask({
        id: 11,
        kind: 'evaluate',
        module: 'lse',
        function: 'primal',
        input,
      });
      expect(timings).toHaveLength(2);
    }
  });

  test('lines that are no messages are skipped, and said so', () => {
    const problems: string[] = [];
    const skip = (line: string): string | undefined => answer(line, (text) => problems.push(text));
    for (const line of ['{', '[]', '3', 'null', '{"kind":"start"}', '{"id":1e999}'])
      expect(skip(line)).toBeUndefined();
    expect(problems).toHaveLength(6);
  });

  test('the tool answers line by line and ends with its input', () => {
    const input = [
      '{"id":0,"kind":"start"}',
      'garbage',
      '',
      '{"id":1,"kind":"evaluate","module":"hello","function":"double","input":3}',
    ].join('\n');
    const text = execFileSync(
      process.execPath,
      ['-C', '@ad/source', '--import', 'tsx', 'main.ts'],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        input,
        stdio: ['pipe', 'pipe', 'ignore'],
        encoding: 'utf8',
      },
    );
    const replies = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(replies).toHaveLength(2);
    expect(replies[1]).toMatchObject({ id: 1, success: true, output: 6 });
  });
});
