/** Every reason to stop, by a case made for it; what the result holds then. */
import type { GraphNode } from '@ad/graph';
import {
  bfgs,
  conjugateGradient,
  gradientDescent,
  heavyBall,
  lbfgs,
  type Method,
  minimize,
  type MinimizeOptions,
  nesterov,
  newton,
  newtonCG,
  type Stop,
  trustRegion,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';
import { rosenbrock } from '../support/functions.ts';

const start = { x: -1.2, y: 1 };
const square = (x: GraphNode): GraphNode => x.square();

const cases: {
  readonly [Kind in Exclude<Stop['kind'], 'orthogonal' | 'rounding'>]: {
    readonly f?: (x: GraphNode) => GraphNode;
    readonly x0: number;
    readonly options: MinimizeOptions<number>;
    readonly message: RegExp;
    readonly converged: boolean;
  };
} = {
  gradient: {
    f: (x) => x.exp().sub(x),
    x0: 3,
    options: {},
    message: /^the gradient .* within the tolerance/,
    converged: true,
  },
  value: {
    f: (x) => x.square().add(1),
    x0: 3,
    options: { method: gradientDescent({ stepSize: 0.1 }), valueTolerance: 1e-3 },
    message: /^the value changed by .* of itself, within the tolerance of 0\.001$/,
    converged: true,
  },
  step: {
    f: (x) => x.sub(1).square(),
    x0: 3,
    options: { method: gradientDescent({ stepSize: 0.1 }), stepTolerance: 1e-3 },
    message: /^the point moved by .* of itself, within the tolerance of 0\.001$/,
    converged: true,
  },
  iterations: {
    x0: 3,
    options: { method: gradientDescent({ stepSize: 0.1 }), maxIterations: 5 },
    message: /^5 iterations were made, as many as allowed/,
    converged: false,
  },
  evaluations: {
    x0: 3,
    options: { method: gradientDescent({ stepSize: 0.1 }), maxEvaluations: 5 },
    message: /^the function was evaluated 5 times, as often as allowed$/,
    converged: false,
  },
  aborted: {
    x0: 3,
    options: { signal: { aborted: true } },
    message: /^the signal was aborted$/,
    converged: false,
  },
  'non-finite start': {
    f: (x) => x.log(),
    x0: -1,
    options: {},
    message:
      /^at the start the first value that is not finite is NaN at #1 = log .*; start elsewhere$/,
    converged: false,
  },
  'non-finite': {
    f: (x) => x.sqrt(),
    x0: 1,
    options: { method: gradientDescent({ stepSize: 4 }) },
    message:
      /^after the step the first value that is not finite is NaN at #1 = sqrt .* Try a smaller step/,
    converged: false,
  },
  'no decrease': {
    // The step is lost in rounding.
    f: (x) => x.abs().add(1),
    x0: 0.5,
    options: { method: gradientDescent({ stepSize: 1e-300 }) },
    message: /^no step along the direction lowers the value, down to a step of 1e-300/,
    converged: false,
  },
  unbounded: {
    f: (x) => x.neg(),
    x0: 1,
    options: {},
    message:
      /^the value falls along the direction however long the step is, up to .*: there is no minimum$/,
    converged: false,
  },
  'not descent': {
    f: (x) => x.square().neg(),
    x0: 1,
    options: { method: newton({ variant: 'damped' }) },
    message: /^the direction does not lead downhill: the slope along it is 2$/,
    converged: false,
  },
  singular: {
    f: (x) => x,
    x0: 1,
    options: { method: newton({ variant: 'plain' }) },
    message: /^the Hessian is singular/,
    converged: false,
  },
};

test.each(Object.entries(cases))('%s', (kind, { f = square, x0, options, message, converged }) => {
  const result = minimize<number>(f, x0, options);
  expect(result.stop.kind).toBe(kind);
  expect(result.message).toMatch(message);
  expect(result.converged).toBe(converged);
});

test('a flat function is at a stationary point from the start', () => {
  const result = minimize((x: GraphNode) => x.mul(0).add(7), 3);
  expect(result).toMatchObject({
    minimizer: 3,
    value: 7,
    gradientNorm: 0,
    iterations: 0,
    converged: true,
  });
  expect(result.message).toBe('the gradient is exactly 0: a stationary point');
});

test('a function that does not depend on its argument is flat', () => {
  const result = minimize(({ x }: { x: GraphNode; unused: GraphNode }) => x.square(), {
    x: 1,
    unused: 5,
  });
  expect(result.minimizer.unused).toBe(5);
  expect(result.gradient.unused).toBe(0);
});

describe('numbers that are not finite on the way', () => {
  const barrier = (x: GraphNode): GraphNode => x.sub(x.log().mul(2));

  test.each([
    ['gradientDescent', gradientDescent()],
    ['lbfgs', lbfgs()],
    ['newton', newton()],
  ] as const)('%s shortens the step and goes on', (_name, method) => {
    // From 10 the first steps lead below 0, where the logarithm is NaN.
    const result = minimize((x: GraphNode) => barrier(x.mul(100)), 0.1, { method });
    expect(result.stop.kind).toBe('gradient');
    expect(result.minimizer).toBeCloseTo(0.02, 8);
    expect(result.evaluations.nonFinite).toBeGreaterThan(0);
  });

  test.each([
    ['gradientDescent', gradientDescent({ stepSize: 50 })],
    ['heavyBall', heavyBall({ stepSize: 50, momentum: 0.5 })],
    ['nesterov', nesterov({ stepSize: 50 })],
    ['newton', newton({ variant: 'plain', stepSize: 50 })],
  ] as const)(
    '%s with a fixed step stays at the last good point and names the node',
    (_name, method) => {
      const result = minimize(barrier, 3, { method });
      expect(result.stop).toMatchObject({
        kind: 'non-finite',
        where: expect.stringContaining('log') as unknown,
      });
      expect(result).toMatchObject({ minimizer: 3, iterations: 0 });
      expect(Number.isFinite(result.value)).toBe(true);
    },
  );
});

describe('limits are exact', () => {
  const methods: readonly (readonly [string, Method])[] = [
    ['gradientDescent', gradientDescent()],
    ['nesterov', nesterov({ stepSize: 1e-3 })],
    ['newton', newton()],
    ['lbfgs', lbfgs()],
  ];

  test.each(methods)('evaluations of %s', (_name, method) => {
    const free = minimize(rosenbrock, start, { method, maxIterations: 30, trajectory: true });
    for (let limit = 1; limit <= free.evaluations.value; limit += 3) {
      const result = minimize(rosenbrock, start, {
        method,
        maxIterations: 30,
        maxEvaluations: limit,
        trajectory: true,
      });
      expect(result.evaluations.value).toBeLessThanOrEqual(limit);
      // The same way, only shorter, and the result is its last point.
      expect(result.trajectory).toStrictEqual(free.trajectory!.slice(0, result.iterations + 1));
      expect(result.minimizer).toStrictEqual(result.trajectory!.at(-1)!.point);
      expect(result.value).toBe(result.trajectory!.at(-1)!.value);
    }
  });

  test.each(methods)('iterations of %s', (_name, method) => {
    const { iterations } = minimize(rosenbrock, start, { method, maxIterations: 7 });
    expect(iterations).toBe(7);
  });
});

test('a signal aborted by a callback stops before the next step', () => {
  const controller = new AbortController();
  const seen: number[] = [];
  const result = minimize(rosenbrock, start, {
    signal: controller.signal,
    onIteration: ({ iteration }) => {
      seen.push(iteration);
      if (iteration === 3) controller.abort();
    },
  });
  expect(seen).toStrictEqual([0, 1, 2, 3]);
  expect(result).toMatchObject({ iterations: 3, stop: { kind: 'aborted' }, converged: false });
});

test('the callback sees the trajectory as it grows', () => {
  const seen: unknown[] = [];
  const { trajectory } = minimize(rosenbrock, start, {
    trajectory: true,
    onIteration: (point) => seen.push(point),
  });
  expect(seen).toStrictEqual(trajectory);
  expect(trajectory![0]).toMatchObject({ iteration: 0, point: start, stepSize: 0 });
});

test('what a callback throws is thrown', () => {
  const onIteration = (): void => {
    throw new Error('enough');
  };
  expect(() => minimize(rosenbrock, start, { onIteration })).toThrow('enough');
});

describe('functions without a minimum, or without a smooth one, end', () => {
  const functions: readonly (readonly [string, (x: GraphNode) => GraphNode])[] = [
    ['-x^2', (x) => x.square().neg()],
    ['-e^x', (x) => x.exp().neg()],
    ['|x|', (x) => x.abs()],
    ['the root of |x|', (x) => x.abs().sqrt()],
    ['a paraboloid of size 1e300', (x) => x.square().mul(1e300)],
  ];
  const all = [
    lbfgs(),
    bfgs(),
    conjugateGradient(),
    newton(),
    newtonCG(),
    trustRegion(),
    gradientDescent(),
  ];

  test.each(functions)('%s', (_name, f) => {
    for (const method of all) {
      const { trajectory, minimizer } = minimize<number>(f, 0.7, {
        method,
        maxIterations: 60,
        trajectory: true,
      });
      expect(Number.isFinite(minimizer)).toBe(true);
      const values = trajectory!.map(({ value }) => value);
      // The value never rises by more than rounding, whatever happens.
      values.slice(1).forEach((value, t) => {
        expect(value).toBeLessThanOrEqual(values[t]! + 1e-13 * Math.abs(values[t]!));
      });
    }
  });
});
