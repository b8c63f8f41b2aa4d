import { type GraphNode, interpreter, tensor } from '@ad/graph';
import {
  gradientDescent,
  heavyBall,
  lbfgs,
  type Method,
  minimize,
  type MinimizeResult,
  nesterov,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance, quadratics, rosenbrock } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

const run = (
  f: (x: GraphNode) => GraphNode,
  x0: Float64Array,
  method: Method,
  steps = 30,
): MinimizeResult<Float64Array> =>
  minimize<Float64Array>(f, x0, {
    method,
    maxIterations: steps,
    trajectory: true,
    gradientTolerance: 0,
  });

const points = ({ trajectory }: MinimizeResult<Float64Array>): number[][] =>
  trajectory!.map(({ point }) => Array.from(point));

const smooth = quadratics(3, 0.1, 10);

describe('each method is its equation', () => {
  const cases = fc.record({
    quadratic: smooth,
    stepSize: between(0.001, 0.15),
    momentum: between(0, 0.95),
  });

  /** The recurrence in the lecture's form, on a quadratic. */
  const byHand = (
    { matrix, center, start }: { matrix: Float64Array; center: Float64Array; start: Float64Array },
    step: (
      x: number[],
      v: number[],
      gradient: (x: number[]) => number[],
      t: number,
    ) => [number[], number[]],
    count: number,
  ): number[][] => {
    const gradient = (x: number[]): number[] =>
      x.map((_, i) => x.reduce((sum, xj, j) => sum + matrix[i * 3 + j]! * (xj - center[j]!), 0));
    let [x, v] = [Array.from(start), [0, 0, 0]];
    const all = [x];
    for (let t = 0; t < count; t++) {
      [x, v] = step(x, v, gradient, t);
      all.push(x);
    }
    return all;
  };

  const expectSame = (got: number[][], expected: number[][]): void => {
    got.forEach((x, t) => {
      expect(distance(x, expected[t]!)).toBeLessThan(1e-12 * (1 + Math.hypot(...expected[t]!)));
    });
  };

  test('gradient descent', () => {
    fc.assert(
      fc.property(cases, ({ quadratic, stepSize }) => {
        const result = run(quadratic.f, quadratic.start, gradientDescent({ stepSize }));
        const expected = byHand(
          quadratic,
          (x, v, gradient) => {
            const g = gradient(x);
            return [x.map((xi, i) => xi - stepSize * g[i]!), v];
          },
          30,
        );
        expectSame(points(result), expected);
      }),
      { numRuns: 20 },
    );
  });

  test('the heavy ball', () => {
    fc.assert(
      fc.property(cases, ({ quadratic, stepSize, momentum }) => {
        const result = run(quadratic.f, quadratic.start, heavyBall({ stepSize, momentum }));
        const expected = byHand(
          quadratic,
          (x, v, gradient) => {
            const g = gradient(x);
            const next = v.map((vi, i) => -g[i]! + momentum * vi);
            return [x.map((xi, i) => xi + stepSize * next[i]!), next];
          },
          30,
        );
        expectSame(points(result), expected);
      }),
      { numRuns: 20 },
    );
  });

  test('Nesterov, with the look-ahead points', () => {
    fc.assert(
      fc.property(cases, ({ quadratic, stepSize, momentum }) => {
        const result = run(quadratic.f, quadratic.start, nesterov({ stepSize, momentum }));
        const ahead: number[][] = [];
        const expected = byHand(
          quadratic,
          (x, v, gradient) => {
            const y = x.map((xi, i) => xi + stepSize * momentum * v[i]!);
            ahead.push(y);
            const g = gradient(y);
            const next = v.map((vi, i) => -g[i]! + momentum * vi);
            return [x.map((xi, i) => xi + stepSize * next[i]!), next];
          },
          30,
        );
        expectSame(points(result), expected);
        expectSame(
          result.trajectory!.slice(0, 30).map(({ lookAhead }) => Array.from(lookAhead!)),
          ahead,
        );
      }),
      { numRuns: 20 },
    );
  });

  test('Nesterov for convex functions: the sequence of FISTA', () => {
    fc.assert(
      fc.property(smooth, (quadratic) => {
        const L = Math.max(...quadratic.eigenvalues);
        const result = run(quadratic.f, quadratic.start, nesterov({ smoothness: L }));
        let theta = 1;
        let before = Array.from(quadratic.start);
        const expected = byHand(
          quadratic,
          (x, v, gradient) => {
            const next = (1 + Math.sqrt(1 + 4 * theta ** 2)) / 2;
            // The first momentum is 0, the one after it (theta_0 - 1) / theta_1 = 0 as well.
            const beta = (theta - 1) / next;
            theta = next;
            const y = x.map((xi, i) => xi + beta * (xi - before[i]!));
            before = x;
            const g = gradient(y);
            return [y.map((yi, i) => yi - g[i]! / L), v];
          },
          30,
        );
        expectSame(points(result), expected);
      }),
      { numRuns: 20 },
    );
  });

  test('the step sizes that follow from curvatures', () => {
    const stepSizeOf = (method: Method): number =>
      minimize((x: GraphNode) => x.square(), 1, {
        method,
        maxIterations: 1,
        trajectory: true,
      }).trajectory!.at(-1)!.stepSize;
    expect(stepSizeOf(gradientDescent({ smoothness: 8 }))).toBe(1 / 8);
    expect(stepSizeOf(gradientDescent({ smoothness: 8, strongConvexity: 2 }))).toBe(2 / 10);
    expect(stepSizeOf(heavyBall({ smoothness: 9, strongConvexity: 1 }))).toBe(1 / 4);
    expect(stepSizeOf(nesterov({ smoothness: 8 }))).toBe(1 / 8);
  });
});

describe('without momentum all are gradient descent, bit for bit', () => {
  test.each([
    ['the heavy ball', (stepSize: number) => heavyBall({ stepSize, momentum: 0 })],
    ['Nesterov', (stepSize: number) => nesterov({ stepSize, momentum: 0 })],
  ])('%s', (_name, method) => {
    fc.assert(
      fc.property(smooth, between(0.001, 0.15), ({ f, start }, stepSize) => {
        const plain = run(f, start, gradientDescent({ stepSize }));
        const other = run(f, start, method(stepSize));
        expect(points(other)).toStrictEqual(points(plain));
        expect(other.evaluations).toStrictEqual(plain.evaluations);
      }),
      { numRuns: 20 },
    );
  });
});

test('the descent lemma: a step of 1 / beta lowers the value by |g|^2 / (2 beta) at least', () => {
  fc.assert(
    fc.property(smooth, ({ f, start, eigenvalues }) => {
      const smoothness = Math.max(...eigenvalues);
      const { trajectory } = run(f, start, gradientDescent({ smoothness }));
      for (let t = 0; t + 1 < trajectory!.length; t++) {
        const [from, to] = [trajectory![t]!, trajectory![t + 1]!];
        const slack = 1e-13 * (trajectory![0]!.value + 1);
        expect(from.value - to.value).toBeGreaterThanOrEqual(
          from.gradientNorm ** 2 / (2 * smoothness) - slack,
        );
      }
    }),
    { numRuns: 20 },
  );
});

test('with a line search gradient descent lowers the value in every step', () => {
  const { trajectory } = minimize(
    rosenbrock,
    { x: -1.2, y: 1 },
    {
      method: gradientDescent(),
      maxIterations: 200,
      trajectory: true,
    },
  );
  for (let t = 0; t + 1 < trajectory!.length; t++) {
    const { value, gradientNorm } = trajectory![t]!;
    const next = trajectory![t + 1]!;
    expect(next.value).toBeLessThanOrEqual(value - 0.3 * next.stepSize * gradientNorm ** 2);
  }
});

describe('bounds', () => {
  const methods: readonly (readonly [string, (L: number, mu: number) => Method])[] = [
    ['gradient descent', (L) => gradientDescent({ smoothness: L })],
    ['gradient descent with a line search', () => gradientDescent()],
    ['L-BFGS', () => lbfgs()],
    ['the heavy ball', (L) => heavyBall({ stepSize: 1 / L, momentum: 0.5 })],
    ['Nesterov', (L, mu) => nesterov({ smoothness: L, strongConvexity: mu })],
  ];

  test.each(methods)(
    '%s stays within them and ends at the nearest stationary point',
    (_name, method) => {
      fc.assert(
        fc.property(quadratics(3, 1, 10), ({ f, start, eigenvalues, matrix, center }) => {
          const result = minimize<Float64Array>(f, start, {
            method: method(Math.max(...eigenvalues), Math.min(...eigenvalues)),
            bounds: { lower: new Float64Array([-1, -1, -Infinity]), upper: 1 },
            trajectory: true,
          });
          expect(result.stop.kind).toBe('gradient');
          for (const { point } of result.trajectory!) {
            expect(point.every((x, i) => x <= 1 && (i === 2 || x >= -1))).toBe(true);
          }
          // The conditions of Karush, Kuhn and Tucker, from the matrix.
          const x = result.minimizer;
          x.forEach((xi, i) => {
            const g = x.reduce((sum, xj, j) => sum + matrix[i * 3 + j]! * (xj - center[j]!), 0);
            const isAtLower = i !== 2 && xi === -1;
            const violation = xi === 1 ? Math.max(g, 0) : isAtLower ? Math.max(-g, 0) : Math.abs(g);
            expect(violation).toBeLessThan(1e-7);
          });
        }),
        { numRuns: 15 },
      );
    },
  );

  test('that do not touch the way change nothing', () => {
    const { f, start } = fc.sample(smooth, { numRuns: 1, seed: 1 })[0]!;
    for (const [, method] of methods.slice(0, 2)) {
      const free = run(f, start, method(10, 0.1));
      const boxed = minimize<Float64Array>(f, start, {
        method: method(10, 0.1),
        bounds: { lower: -1e6, upper: 1e6 },
        maxIterations: 30,
        trajectory: true,
        gradientTolerance: 0,
      });
      expect(points(boxed)).toStrictEqual(points(free));
    }
  });

  test('L-BFGS takes few steps in a box where gradient descent takes many', () => {
    // The valley's minimum (1, 1) lies outside; in the box it is at (0.5, 0.25).
    const options = { bounds: { upper: { x: 0.5, y: 2 } } } as const;
    const quick = minimize(rosenbrock, { x: -1.2, y: 1 }, options);
    expect(quick.stop.kind).toBe('gradient');
    expect(quick.minimizer.x).toBe(0.5);
    expect(quick.minimizer.y).toBeCloseTo(0.25, 9);
    expect(quick.iterations).toBeLessThan(60);
    const slow = minimize(
      rosenbrock,
      { x: -1.2, y: 1 },
      { ...options, method: gradientDescent(), maxIterations: 5000 },
    );
    expect(slow.minimizer.x).toBe(0.5);
    expect(slow.minimizer.y).toBeCloseTo(0.25, 7);
  });

  test('the start is moved into the box; a number stands for a leaf, or for all', () => {
    const f = ({ a, b }: { a: GraphNode; b: GraphNode }): GraphNode =>
      a.square().sum().add(b.square());
    const { minimizer } = minimize(
      f,
      { a: tensor([3, 4]), b: -5 },
      {
        method: gradientDescent(),
        bounds: { lower: { a: 1, b: -2 }, upper: { a: tensor([2, 9]), b: -1 } },
      },
    );
    expect(minimizer.a.toArray()).toStrictEqual([1, 1]);
    expect(minimizer.b).toBe(-1);
  });
});

test('the interpreter and the compiler take the same way', () => {
  const { f, start } = fc.sample(smooth, { numRuns: 1, seed: 2 })[0]!;
  for (const method of [
    gradientDescent(),
    heavyBall({ stepSize: 0.05 }),
    nesterov({ smoothness: 10 }),
  ]) {
    const options = { method, maxIterations: 30, trajectory: true, gradientTolerance: 0 };
    const compiled = minimize<Float64Array>(f, start, options);
    const interpreted = minimize<Float64Array>(f, start, { ...options, executor: interpreter });
    compiled.trajectory!.forEach(({ point }, t) => {
      expect(distance(point, interpreted.trajectory![t]!.point)).toBeLessThan(1e-12);
    });
  }
});
