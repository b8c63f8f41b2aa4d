/** What is the same by another name, and the bound of conjugate gradients. */
import { type GraphNode, tensor } from '@ad/graph';
import {
  conjugateGradient,
  fit,
  gradientDescent,
  lbfgs,
  meanSquaredError,
  minimize,
  newton,
  dense,
  sgd,
  trustRegion,
} from '@ad/optim';
import { conjugateGradientBound, expectRate, expectStationary } from '@ad/optim/theory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactLineSearch, quadratics, rosenbrock } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

test('conjugate gradients stay below 2 ((sqrt kappa - 1) / (sqrt kappa + 1))^t in the norm of the Hessian', () => {
  fc.assert(
    fc.property(quadratics(6, 0.5, 20), ({ f, eigenvalues, start }) => {
      const { trajectory } = minimize(f, start, {
        method: conjugateGradient({ lineSearch: exactLineSearch }),
        maxIterations: 6,
        gradientTolerance: 0,
        trajectory: true,
      });
      const kappa = Math.max(...eigenvalues) / Math.min(...eigenvalues);
      // The value is half the square of the error in that norm.
      expectRate(
        trajectory!.map(({ value }) => Math.sqrt(Math.max(0, value))),
        (t) => conjugateGradientBound(kappa, t),
        { slack: 1e-7 },
      );
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['gradient descent', gradientDescent()],
  ['L-BFGS', lbfgs()],
  ['Newton', newton()],
])('to maximise is to minimise the opposite: %s, bit for bit', (_, method) => {
  const hill = (point: Parameters<typeof rosenbrock>[0]): GraphNode => rosenbrock(point).neg();
  const start = { x: -1.2, y: 1 };
  const options = { method, maxIterations: 20 };
  const down = minimize(rosenbrock, start, options);
  const up = minimize(
    (point: Parameters<typeof rosenbrock>[0]) => hill(point).neg(),
    start,
    options,
  );
  expect(up.minimizer).toEqual(down.minimizer);
  expect(up.value).toBe(down.value);
});

test('stochastic gradient descent on the whole batch is gradient descent, bit for bit', async () => {
  const inputs = [
    [0, 1],
    [2, 0.5],
    [-1, 3],
    [0.25, -2],
  ];
  const targets = [[1], [0], [2], [-1]];
  const model = dense(2, 1);
  const initial = model.init(7);
  const [rate, steps] = [0.05, 12];
  const { parameters } = await fit(
    model,
    { inputs, targets },
    {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: rate }),
      parameters: initial,
      batchSize: 4,
      shuffle: false,
      epochs: steps,
    },
  );
  const loss = (p: { weights: GraphNode; biases: GraphNode }): GraphNode =>
    meanSquaredError(
      model.apply(p as never, p.weights.graph.constant(tensor(inputs))),
      p.weights.graph.constant(tensor(targets)),
    );
  const { minimizer } = minimize(loss as never, initial, {
    method: gradientDescent({ stepSize: rate }),
    maxIterations: steps,
    gradientTolerance: 0,
  });
  expect(minimizer).toEqual(parameters);
});

test('the trust region leaves the neighbourhood of a saddle for a minimum, where plain Newton goes to the saddle', () => {
  const f = (v: GraphNode): GraphNode => {
    const quartic = v.pow(4).mul(tensor([0, 0.25]));
    return v
      .square()
      .mul(tensor([0.5, -0.5]))
      .add(quartic)
      .sum();
  };
  fc.assert(
    fc.property(between(-0.4, 0.4), between(0.05, 0.4), (x, y) => {
      const { minimizer } = minimize(f, Float64Array.of(x, y), { method: trustRegion() });
      expectStationary(f, minimizer, 'minimum');
    }),
    { numRuns: 30 },
  );
});
