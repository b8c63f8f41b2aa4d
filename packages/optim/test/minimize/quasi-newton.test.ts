import { type GraphNode, interpreter } from '@ad/graph';
import {
  bfgs,
  conjugateGradient,
  lbfgs,
  type LineSearch,
  type Method,
  minimize,
  newtonCG,
  trustRegion,
} from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InverseHessian } from '../../src/minimize/bfgs.ts';
import {
  distance,
  exactLineSearch,
  quadratic,
  quadratics,
  rosenbrock,
} from '../support/functions.ts';
import { between } from '../support/numbers.ts';

const vectors = (n: number): fc.Arbitrary<Float64Array> =>
  fc.array(between(-1, 1), { minLength: n, maxLength: n }).map((v) => Float64Array.from(v));

describe('the BFGS matrix', () => {
  const multiply = (matrix: Float64Array, v: ArrayLike<number>): number[] =>
    Array.from(v, (_, i) =>
      Array.from(v).reduce((sum, vj, j) => sum + matrix[i * v.length + j]! * vj, 0),
    );

  /** The matrix after steps along random vectors in a quadratic with a random convex Hessian. */
  const updated = fc.tuple(
    quadratics(4, 0.1, 10),
    fc.array(vectors(4), { minLength: 1, maxLength: 8 }),
  );

  /** The gradient changes by the Hessian times the step. */
  const learn = (
    rule: InverseHessian,
    matrix: Float64Array,
    s: Float64Array,
  ): { s: Float64Array; y: Float64Array } => {
    const y = Float64Array.from(multiply(matrix, s));
    const zero = new Float64Array(4);
    rule.learn({ x: zero, value: 0, gradient: zero }, { x: s, value: 0, gradient: y });
    return { s, y };
  };

  test('satisfies the secant equation H y = s after each update', () => {
    fc.assert(
      fc.property(updated, ([{ matrix }, steps]) => {
        const rule = new InverseHessian(4);
        for (const step of steps.filter((s) => Math.hypot(...s) > 0.01)) {
          const { s, y } = learn(rule, matrix, step);
          expect(distance(multiply(rule.matrix, y), s)).toBeLessThan(
            1e-11 * (1 + Math.hypot(...s)),
          );
        }
      }),
    );
  });

  test('is symmetric and positive definite while y.s is positive', () => {
    fc.assert(
      fc.property(updated, vectors(4), ([{ matrix }, steps], v) => {
        fc.pre(Math.hypot(...v) > 0.01);
        const rule = new InverseHessian(4);
        for (const step of steps) {
          learn(rule, matrix, step);
          const product = multiply(rule.matrix, v);
          // Eigenvalues of the Hessian up to 10.
          expect(v.reduce((sum, vi, i) => sum + vi * product[i]!, 0)).toBeGreaterThan(0);
          rule.matrix.forEach((entry, k) => {
            expect(entry).toBe(rule.matrix[(k % 4) * 4 + Math.floor(k / 4)]);
          });
        }
      }),
    );
  });

  test('is left as it is by a pair without positive curvature', () => {
    const rule = new InverseHessian(2);
    const zero = new Float64Array(2);
    const from = { x: zero, value: 0, gradient: zero };
    const s = new Float64Array([1, 2]);
    rule.learn(from, { x: s, value: 0, gradient: new Float64Array([-1, -2]) });
    rule.learn(from, { x: s, value: 0, gradient: new Float64Array([2, -1]) });
    expect(Array.from(rule.matrix)).toStrictEqual([1, 0, 0, 1]);
  });
});

describe('on quadratics, with exact line searches', () => {
  const cases = quadratics(4, 0.2, 10);

  /** The points of linear conjugate gradients. */
  const linear = (
    matrix: Float64Array,
    center: Float64Array,
    start: Float64Array,
    steps: number,
  ): number[][] => {
    const apply = (v: number[]): number[] =>
      v.map((_, i) => v.reduce((sum, vj, j) => sum + matrix[i * v.length + j]! * vj, 0));
    const dot = (a: number[], b: number[]): number => a.reduce((sum, ai, i) => sum + ai * b[i]!, 0);
    let x = Array.from(start);
    let r = apply(x.map((xi, i) => center[i]! - xi));
    let d = r;
    const all = [x];
    for (let t = 0; t < steps; t++) {
      const product = apply(d);
      const alpha = dot(r, r) / dot(d, product);
      x = x.map((xi, i) => xi + alpha * d[i]!);
      const next = r.map((ri, i) => ri - alpha * product[i]!);
      const beta = dot(next, next) / dot(r, r);
      d = next.map((ni, i) => ni + beta * d[i]!);
      r = next;
      all.push(x);
    }
    return all;
  };

  test.each([
    ['L-BFGS with full memory', lbfgs({ lineSearch: exactLineSearch })],
    ['BFGS', bfgs({ lineSearch: exactLineSearch })],
    ['Polak-Ribière', conjugateGradient({ variant: 'polak-ribiere', lineSearch: exactLineSearch })],
    ['Hager-Zhang', conjugateGradient({ lineSearch: exactLineSearch })],
  ] as const)('%s is the linear method of conjugate gradients', (_name, method) => {
    fc.assert(
      fc.property(cases, ({ f, matrix, center, start }) => {
        const { trajectory } = minimize<Float64Array>(f, start, {
          method,
          maxIterations: 4,
          trajectory: true,
          gradientTolerance: 1e-9,
        });
        const expected = linear(matrix, center, start, 4);
        trajectory!.forEach(({ point }, t) => {
          expect(distance(point, expected[t]!)).toBeLessThan(1e-7);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('conjugate gradients are done after as many steps as there are different eigenvalues', () => {
    fc.assert(
      fc.property(between(0.5, 2), between(5, 10), vectors(6), (low, high, v) => {
        const { f } = quadratic(
          [low, low, low, high, high, high],
          [Array.from(v, (x) => x + 2), [1, 2, 3, 4, 5, 6]],
          [0, 0, 0, 0, 0, 0],
        );
        const { gradientNorm } = minimize<Float64Array>(f, new Float64Array([1, 2, 3, 4, 5, 6]), {
          method: conjugateGradient({ lineSearch: exactLineSearch }),
          maxIterations: 2,
        });
        expect(gradientNorm).toBeLessThan(1e-11);
      }),
      { numRuns: 30 },
    );
  });
});

const methods: readonly (readonly [string, Method])[] = [
  ['bfgs', bfgs()],
  ['lbfgs', lbfgs()],
  ['lbfgs with a short memory', lbfgs({ memory: 2 })],
  ['conjugateGradient', conjugateGradient()],
  ['conjugateGradient, Polak-Ribière', conjugateGradient({ variant: 'polak-ribiere' })],
  ['newtonCG', newtonCG()],
  ['trustRegion', trustRegion()],
];

describe.each(methods)('%s', (_name, method) => {
  test('finds the minimum of quadratics', () => {
    fc.assert(
      fc.property(quadratics(5, 0.1, 10), ({ f, start, center }) => {
        const { minimizer, stop } = minimize<Float64Array>(f, start, { method });
        expect(stop.kind).toBe('gradient');
        expect(distance(minimizer, center)).toBeLessThan(1e-7);
      }),
      { numRuns: 10 },
    );
  });

  test('lowers the value in every step', () => {
    fc.assert(
      fc.property(between(-2, 2), between(-2, 2), (x, y) => {
        const { trajectory, stop } = minimize(rosenbrock, { x, y }, { method, trajectory: true });
        expect(stop.kind).toBe('gradient');
        for (let t = 0; t + 1 < trajectory!.length; t++) {
          const { value } = trajectory![t]!;
          expect(trajectory![t + 1]!.value).toBeLessThanOrEqual(value * (1 + 1e-13));
        }
      }),
      { numRuns: 10 },
    );
  });

  test('goes the same way with the interpreter', () => {
    const options = { method, maxIterations: 12, trajectory: true, gradientTolerance: 0 } as const;
    const compiled = minimize(rosenbrock, { x: -1.2, y: 1 }, options);
    const interpreted = minimize(
      rosenbrock,
      { x: -1.2, y: 1 },
      { ...options, executor: interpreter },
    );
    compiled.trajectory!.forEach(({ point }, t) => {
      const other = interpreted.trajectory![t]!.point;
      expect(distance([point.x, point.y], [other.x, other.y])).toBeLessThan(1e-9);
    });
  });

  test('the same call gives the same bits', () => {
    const call = (): unknown =>
      minimize(rosenbrock, { x: -1.2, y: 1 }, { method, trajectory: true });
    expect(call()).toStrictEqual(call());
  });

  test('reaches the minimum of a function that is not defined everywhere', () => {
    // -log(x) - log(1 - x) + 3 x: the first steps from near the wall leave the interval.
    const f = (x: GraphNode): GraphNode => x.log().neg().sub(x.neg().add(1).log()).add(x.mul(3));
    const { minimizer, evaluations } = minimize(f, 1e-3, { method });
    expect(minimizer).toBeCloseTo((5 - Math.sqrt(13)) / 6, 7);
    expect(evaluations.nonFinite).toBeGreaterThanOrEqual(0);
  });

  test('limits the evaluations exactly', () => {
    const free = minimize(rosenbrock, { x: -1.2, y: 1 }, { method, trajectory: true });
    for (let limit = 1; limit < free.evaluations.value; limit += 7) {
      const result = minimize(rosenbrock, { x: -1.2, y: 1 }, { method, maxEvaluations: limit });
      expect(result.stop).toStrictEqual({ kind: 'evaluations', limit });
      expect(result.evaluations.value).toBe(limit);
      expect(result.minimizer).toStrictEqual(free.trajectory![result.iterations]!.point);
    }
  });
});

describe('indefinite Hessians', () => {
  // A saddle at (0, 0), minima at (1, 0) and (-1, 0).
  const wells = ({ x, y }: { x: GraphNode; y: GraphNode }): GraphNode =>
    x.square().sub(1).square().add(y.square());

  test.each(methods)('%s leaves the neighbourhood of a saddle', (_name, method) => {
    fc.assert(
      fc.property(between(1e-3, 0.3), between(-1, 1), (x, y) => {
        const { minimizer } = minimize(wells, { x, y }, { method });
        expect(Math.abs(Math.abs(minimizer.x) - 1)).toBeLessThan(1e-7);
        expect(Math.abs(minimizer.y)).toBeLessThan(1e-7);
      }),
      { numRuns: 10 },
    );
  });

  test('the trust region leaves a maximum along negative curvature', () => {
    const hill = (x: GraphNode): GraphNode => x.cos();
    const { minimizer } = minimize(hill, 1e-8, { method: trustRegion(), gradientTolerance: 1e-9 });
    expect(Math.abs(minimizer)).toBeCloseTo(Math.PI, 7);
  });

  test('no step of the trust region is longer than its radius', () => {
    const { trajectory } = minimize(
      rosenbrock,
      { x: -1.2, y: 1 },
      {
        method: trustRegion({ initialRadius: 0.1, maxRadius: 0.1 }),
        trajectory: true,
      },
    );
    for (const { stepSize } of trajectory!) expect(stepSize).toBeLessThanOrEqual(0.1 * (1 + 1e-14));
  });
});

test('Newton methods without a matrix take far fewer products than there are variables', () => {
  const f = (x: GraphNode): GraphNode => x.square().square().add(x.square()).sum();
  for (const method of [newtonCG(), trustRegion()]) {
    const { evaluations, converged } = minimize(f, new Float64Array(500).fill(1), { method });
    expect(converged).toBe(true);
    expect(evaluations.hessianProduct).toBeLessThan(100);
  }
});

test('a wrong line search is noticed', () => {
  const none: LineSearch = () => ({
    found: false,
    reason: 'no decrease',
    step: 1e-9,
    trials: 1,
    nonFinite: 0,
  });
  for (const method of [
    lbfgs({ lineSearch: none }),
    bfgs({ lineSearch: none }),
    conjugateGradient({ lineSearch: none }),
    newtonCG({ lineSearch: none }),
  ]) {
    expect(minimize((x: GraphNode) => x.square(), 1, { method }).stop).toStrictEqual({
      kind: 'no decrease',
      step: 1e-9,
    });
  }
});
