import { type GraphNode, interpreter, matmul, split, Tensor, tensor } from '@ad/graph';
import { jacobian } from '@ad/backprop';
import { gaussNewton, leastSquares, levenbergMarquardt, minimize, newton } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

const methods = [
  ['gaussNewton', gaussNewton()],
  ['levenbergMarquardt', levenbergMarquardt()],
] as const;

/** A random full matrix, a right side, and a start. */
const linear = (m: number, n: number) =>
  fc.record({
    matrix: fc.array(between(-1, 1), { minLength: m * n, maxLength: m * n }),
    right: fc.array(between(-1, 1), { minLength: m, maxLength: m }),
    start: fc.array(between(-1, 1), { minLength: n, maxLength: n }),
  });

/** By normal equations and Cramer's rule, for two parameters. */
function normalEquations(matrix: readonly number[], right: readonly number[]) {
  const m = right.length;
  const column = (j: number): number[] => Array.from({ length: m }, (_, i) => matrix[2 * i + j]!);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, ai, i) => sum + ai * b[i]!, 0);
  const [u, v] = [column(0), column(1)];
  const [uu, uv, vv] = [dot(u, u), dot(u, v), dot(v, v)];
  const det = uu * vv - uv * uv;
  const [ub, vb] = [dot(u, right), dot(v, right)];
  return {
    det,
    solution: [(vv * ub - uv * vb) / det, (uu * vb - uv * ub) / det] as const,
    inverse: [vv / det, -uv / det, -uv / det, uu / det],
  };
}

describe.each(methods)('%s', (_name, method) => {
  test('solves linear problems, with the covariance of the normal equations', () => {
    fc.assert(
      fc.property(linear(5, 2), ({ matrix, right, start }) => {
        const { det, solution, inverse } = normalEquations(matrix, right);
        fc.pre(Math.abs(det) > 0.1);
        const a = new Tensor([5, 2], 'real', Float64Array.from(matrix));
        const residuals = (x: GraphNode): GraphNode =>
          matmul(x.graph.constant(a), x).sub(tensor(right));
        const fit = leastSquares<Float64Array>(residuals, Float64Array.from(start), { method });
        expect(distance(fit.minimizer, solution)).toBeLessThan(1e-12);
        expect(fit.converged).toBe(true);
        expect(fit.degreesOfFreedom).toBe(3);
        expect(fit.value).toBeCloseTo(
          Array.from(fit.residuals.data).reduce((sum, r) => sum + r * r, 0),
          14,
        );
        expect(fit.deviation).toBeCloseTo(Math.sqrt(fit.value / 3), 14);
        const covariance = inverse.map((entry) => entry * fit.deviation ** 2);
        expect(distance(fit.covariance!.data, covariance)).toBeLessThan(1e-11);
        expect(
          distance(
            fit.standardErrors!,
            [0, 3].map((k) => Math.sqrt(covariance[k]!)),
          ),
        ).toBeLessThan(1e-11);
      }),
      { numRuns: 30 },
    );
  });

  test('finds what minimize finds', () => {
    const x = tensor([0, 0.5, 1, 1.5, 2, 3]);
    const y = tensor([5, 3.2, 2.1, 1.2, 0.9, 0.3]);
    const residuals = ({ a, k }: { a: GraphNode; k: GraphNode }): GraphNode =>
      a.mul(k.mul(x).neg().exp()).sub(y);
    const fit = leastSquares(residuals, { a: 3, k: 0.5 }, { method });
    const other = minimize(
      (p: { a: GraphNode; k: GraphNode }) => residuals(p).square().sum(),
      { a: 3, k: 0.5 },
      {
        method: newton(),
        gradientTolerance: 1e-13,
        maxIterations: 50,
      },
    );
    expect(fit.minimizer.a).toBeCloseTo(other.minimizer.a, 10);
    expect(fit.minimizer.k).toBeCloseTo(other.minimizer.k, 10);
    expect(fit.gradientNorm).toBeLessThan(1e-10);
  });

  test('goes the same way with the interpreter, and however the parameters are arranged', () => {
    const x = tensor([0, 1, 2, 3, 4]);
    const y = tensor([1, 2.5, 5.8, 14.5, 37]);
    const model = (a: GraphNode, k: GraphNode): GraphNode => a.mul(k.mul(x).exp()).sub(y);
    const flat = (p: GraphNode): GraphNode => {
      const [a, k] = split(p, 2) as [GraphNode, GraphNode];
      return model(a, k);
    };
    const options = { method, trajectory: true, maxIterations: 6 } as const;
    const start = new Float64Array([1.5, 0.5]);
    const way = leastSquares<Float64Array>(flat, start, options).trajectory!;
    const interpreted = leastSquares<Float64Array>(flat, start, {
      ...options,
      executor: interpreter,
    });
    const nested = leastSquares(
      ({ a, rates: [k] }) => model(a, k),
      { a: 1.5, rates: [0.5] } as const,
      options,
    );
    way.forEach(({ point }, t) => {
      expect(distance(point, interpreted.trajectory![t]!.point)).toBeLessThan(1e-11);
      const { a, rates } = nested.trajectory![t]!.point;
      expect(distance(point, [a, rates[0]])).toBeLessThan(1e-11);
    });
  });

  test('lowers the sum of squares in every step', () => {
    const residuals = (x: GraphNode): GraphNode =>
      matmul(
        x.graph.constant(
          tensor([
            [1, 2],
            [3, -1],
            [0.5, 1],
          ]),
        ),
        x.sin(),
      ).sub(tensor([0.3, 0.2, 0.4]));
    const { trajectory } = leastSquares<Float64Array>(residuals, new Float64Array([1.2, -1]), {
      method,
      trajectory: true,
    });
    expect(trajectory!.length).toBeGreaterThan(3);
    for (let t = 0; t + 1 < trajectory!.length; t++) {
      expect(trajectory![t + 1]!.value).toBeLessThanOrEqual(trajectory![t]!.value * (1 + 1e-12));
    }
  });

  test('a start at the solution ends at once', () => {
    const fit = leastSquares((x: GraphNode) => x.sub(tensor([1, 2])), new Float64Array([1, 2]), {
      method,
    });
    expect(fit).toMatchObject({
      iterations: 0,
      converged: true,
      stop: { kind: 'orthogonal', cosine: 0 },
    });
    expect(fit.message).toMatch(/exactly orthogonal/);
  });

  test('an evaluation limit is exact', () => {
    const residuals = (x: GraphNode): GraphNode =>
      x
        .exp()
        .sub(tensor([1, 2, 3]))
        .add(x.mul(x));
    for (let limit = 1; limit < 6; limit++) {
      const { stop, evaluations } = leastSquares(residuals, 3, { method, maxEvaluations: limit });
      expect(stop).toStrictEqual({ kind: 'evaluations', limit });
      expect(evaluations.residuals).toBe(limit);
    }
  });

  test('a start that is not finite is named', () => {
    const { stop, message, converged } = leastSquares(
      (x: GraphNode) => x.log().sub(tensor([1, 2])),
      -1,
      { method },
    );
    expect(stop.kind).toBe('non-finite start');
    expect(message).toMatch(/NaN at #1 = log/);
    expect(converged).toBe(false);
  });

  test('steps out of the domain are shortened and counted', () => {
    const residuals = (x: GraphNode): GraphNode =>
      x
        .log()
        .mul(tensor([1, 2]))
        .sub(tensor([-3, -6.1]));
    const fit = leastSquares(residuals, 2, { method });
    expect(fit.minimizer).toBeCloseTo(Math.exp(-15.2 / 5), 10);
    expect(fit.evaluations.nonFinite).toBeGreaterThan(0);
  });
});

test('the Jacobian is that of @ad/backprop, by columns and by rows', () => {
  // Seen through the covariance of a fit that ends at its start.
  const tall = (x: GraphNode): GraphNode =>
    x
      .square()
      .sum()
      .mul(tensor([1, 2, 3, 4]))
      .add(x.sum());
  const start = new Float64Array([0.3, -0.4]);
  const { covariance, deviation } = leastSquares<Float64Array>(tall, start, { maxIterations: 0 });
  const [full] = [jacobian(tall)(start).data];
  const product = [0, 1].flatMap((i) =>
    [0, 1].map((j) =>
      [0, 1, 2, 3].reduce((sum, k) => sum + full[2 * k + i]! * full[2 * k + j]!, 0),
    ),
  );
  const det = product[0]! * product[3]! - product[1]! * product[2]!;
  const inverse = [product[3]!, -product[1]!, -product[2]!, product[0]!].map(
    (x) => (x / det) * deviation ** 2,
  );
  expect(distance(covariance!.data, inverse)).toBeLessThan(1e-9 * Math.hypot(...inverse));

  // More parameters than residuals: by rows. A Newton step on linear residuals ends at the least change.
  const wide = (x: GraphNode): GraphNode =>
    x
      .mul(
        tensor([
          [1, 2, 3],
          [1, -1, 1],
        ]),
      )
      .sum({ axes: 1 })
      .sub(tensor([6, 1]));
  const fit = leastSquares<Float64Array>(wide, new Float64Array(3));
  expect(fit.value).toBeLessThan(1e-25);
  expect(fit).toMatchObject({
    covariance: undefined,
    standardErrors: undefined,
    deviation: Number.NaN,
  });
});

describe('dependent columns', () => {
  const redundant = ({ a, b }: { a: GraphNode; b: GraphNode }): GraphNode =>
    a
      .add(b)
      .mul(tensor([1, 2, 3]))
      .sub(tensor([2, 4, 6.1]));

  test('end Gauss-Newton by name', () => {
    const { stop, message } = leastSquares(redundant, { a: 0, b: 0 }, { method: gaussNewton() });
    expect(stop).toStrictEqual({ kind: 'singular', matrix: 'Jacobian' });
    expect(message).toMatch(/Jacobian is singular/);
  });

  test('do not stop Levenberg-Marquardt, and there is no covariance', () => {
    const fit = leastSquares(redundant, { a: 0, b: 0 });
    expect(fit.minimizer.a + fit.minimizer.b).toBeCloseTo(28.3 / 14, 10);
    expect(fit.covariance).toBeUndefined();
    expect(fit.converged).toBe(true);
  });

  test('a parameter without influence stays where it is', () => {
    const fit = leastSquares(
      ({ a }: { a: GraphNode; idle: GraphNode }) => a.mul(tensor([1, 2])).sub(tensor([2, 4])),
      {
        a: 0,
        idle: 5,
      },
    );
    expect(fit.minimizer.a).toBeCloseTo(2, 12);
    expect(fit.minimizer.idle).toBe(5);
  });
});

test('the way of Levenberg-Marquardt does not depend on the units of the parameters', () => {
  const x = tensor([0, 1, 2, 3, 4]);
  const y = tensor([1, 2.5, 5.8, 14.5, 37]);
  const inUnits = (unitA: number, unitK: number) =>
    leastSquares(
      ({ a, k }) => a.mul(unitA).mul(k.mul(unitK).mul(x).exp()).sub(y),
      { a: 3 / unitA, k: 0.2 / unitK },
      { trajectory: true, maxIterations: 8 },
    ).trajectory!.map(({ point: { a, k } }) => [a * unitA, k * unitK]);
  const plain = inUnits(1, 1);
  inUnits(1e6, 1e-5).forEach((point, t) => {
    expect(distance(point, plain[t]!)).toBeLessThan(1e-9 * Math.hypot(...plain[t]!));
  });
});

test('the last digits are found where the sum of squares does not show them any more', () => {
  const fit = leastSquares(
    (x: GraphNode) =>
      x
        .exp()
        .mul(tensor([1, 2, 4]))
        .sub(tensor([1, 3, 5])),
    1,
  );
  expect(Math.abs(fit.minimizer - Math.log(27 / 21))).toBeLessThan(4e-16);
});

test('a tiny radius ends with the reason step, a small change of the value with value', () => {
  const residuals = (x: GraphNode): GraphNode => x.sub(tensor([1, 2]));
  const options = { gradientTolerance: 0, stepTolerance: 0.1 } as const;
  expect(leastSquares((x: GraphNode) => residuals(x.exp()), 3, options).stop.kind).toBe('step');
  expect(
    leastSquares((x: GraphNode) => residuals(x.exp()), 3, {
      ...options,
      stepTolerance: 0,
      valueTolerance: 0.01,
    }).stop.kind,
  ).toBe('value');
});

test.each([
  [{ method: 'lm' }, /^leastSquares: method is "lm", expected one such as levenbergMarquardt/],
  [{ stepTolerance: -1 }, /stepTolerance is -1/],
  [{ bounds: {} }, /there is no option "bounds"/],
])('options are checked: %j', (options, message) => {
  expect(() => leastSquares((x: GraphNode) => x.mul(tensor([1])), 1, options as never)).toThrow(
    message,
  );
});

test('what is not a fit is refused', () => {
  expect(() =>
    leastSquares((x: GraphNode) => x.mul(new Tensor([0], 'real', new Float64Array(0))), 1),
  ).toThrow(/no residuals/);
  expect(() => levenbergMarquardt({ initialFactor: 0 })).toThrow(
    /initialFactor is 0, expected a finite number above 0/,
  );
  expect(() => gaussNewton({ lineSearch: 1 as never })).toThrow(/lineSearch is 1/);
});

test('a scalar is one residual', () => {
  const { minimizer, residuals } = leastSquares((x: GraphNode) => x.sub(3), 1);
  expect(minimizer).toBeCloseTo(3, 12);
  expect(residuals.shape).toStrictEqual([]);
});

describe('hard starts', () => {
  const far = (x: GraphNode): GraphNode => x.mul(tensor([1e-200, 2e-200])).sub(tensor([1, 2]));
  const deep = (x: GraphNode): GraphNode =>
    x
      .log()
      .mul(tensor([1, 2]))
      .sub(tensor([1, 2]));

  test('Gauss-Newton takes steps of any length', () => {
    const method = gaussNewton();
    expect(leastSquares(far, 1, { method }).minimizer / 1e200).toBeCloseTo(1, 10);
    expect(leastSquares(deep, 1e-300, { method }).minimizer).toBeCloseTo(Math.E, 10);
  });

  test('Levenberg-Marquardt gets nearer step by step, and does not take that for the limit of rounding', () => {
    for (const [f, x0] of [
      [far, 1],
      [deep, 1e-300],
    ] as const) {
      const fit = leastSquares<number>(f, x0, { maxIterations: 100 });
      expect(fit.stop.kind).toBe('iterations');
      expect(fit.minimizer).toBeGreaterThan(1e20 * x0);
    }
  });

  test.each(methods)(
    'a multiple zero ends when the sum of squares is 0, by %s',
    (_name, method) => {
      const fit = leastSquares((x: GraphNode) => x.pow(3).mul(tensor([1, 2])), 1, {
        method,
        stepTolerance: 0,
      });
      expect(fit).toMatchObject({ value: 0, converged: true });
      expect(fit.stop.kind).toBe('orthogonal');
    },
  );
});
