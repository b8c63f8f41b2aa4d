/** The rules against the equations as PyTorch states them, in plain numbers, one parameter at a time. */
import { adam, type AdamOptions, adamW, sgd, type SgdOptions } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runRule } from '../support/run-rule.ts';
import { between } from '../support/numbers.ts';

const STEPS = 50;

/** torch.optim.SGD for one number. */
function sgdByHand(
  x: number,
  gradients: readonly number[],
  options: Required<SgdOptions>,
): number[] {
  const { momentum, dampening, nesterov, weightDecay } = options;
  const learningRate = options.learningRate as number;
  let buffer: number | undefined;
  return gradients.map((gradient) => {
    let g = gradient;
    if (weightDecay !== 0) g = g + weightDecay * x;
    if (momentum !== 0) {
      buffer = buffer === undefined ? g : momentum * buffer + (1 - dampening) * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    x = x - learningRate * g;
    return x;
  });
}

/** torch.optim.Adam and torch.optim.AdamW for one number. */
function adamByHand(
  x: number,
  gradients: readonly number[],
  options: Required<AdamOptions>,
  decoupled: boolean,
): number[] {
  const { epsilon, weightDecay, amsgrad, betas } = options;
  const learningRate = options.learningRate as number;
  const [beta1, beta2] = betas;
  let first = 0;
  let second = 0;
  let largest = 0;
  return gradients.map((gradient, k) => {
    const t = k + 1;
    let g = gradient;
    if (weightDecay !== 0 && decoupled) x = x * (1 - learningRate * weightDecay);
    if (weightDecay !== 0 && !decoupled) g = g + weightDecay * x;
    first = beta1 * first + (1 - beta1) * g;
    second = beta2 * second + (1 - beta2) * (g * g);
    largest = Math.max(largest, second);
    const stepSize = learningRate / (1 - beta1 ** t);
    const root = Math.sqrt(amsgrad ? largest : second);
    const denominator = root / Math.sqrt(1 - beta2 ** t) + epsilon;
    x = x - (stepSize * first) / denominator;
    return x;
  });
}

const real = between(-10, 10);
const pairs = fc.record({
  start: fc.tuple(real, real),
  gradients: fc.array(fc.tuple(real, real), { minLength: STEPS, maxLength: STEPS }),
});
const rate = between(0, 1);
const belowOne = between(0, 0.9999);

/** Bit for bit, but 0 and -0 are the same: PyTorch's first momentum is the gradient, here it is 0 plus that. */
const expectTrajectory = (got: readonly number[][], byHand: readonly number[][]): void => {
  got.forEach((point, t) => {
    point.forEach((x, k) => expect(x + 0).toBe(byHand[k]![t]! + 0));
  });
  expect(got).toHaveLength(STEPS);
};

test('sgd is that of PyTorch bit for bit', () => {
  const options = fc
    .record({
      learningRate: rate,
      momentum: fc.oneof(fc.constant(0), belowOne),
      dampening: fc.oneof(fc.constant(0), rate),
      nesterov: fc.boolean(),
      weightDecay: fc.oneof(fc.constant(0), rate),
    })
    .filter(({ momentum, dampening, nesterov }) =>
      nesterov ? momentum > 0 && dampening === 0 : dampening === 0 || momentum > 0,
    );
  fc.assert(
    fc.property(pairs, options, ({ start, gradients }, options) => {
      expectTrajectory(
        runRule(sgd(options), start, gradients),
        [0, 1].map((k) =>
          sgdByHand(
            start[k]!,
            gradients.map((g) => g[k]!),
            options,
          ),
        ),
      );
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['adam', adam, false],
  ['adamW', adamW, true],
] as const)('%s is that of PyTorch bit for bit', (_name, rule, decoupled) => {
  const options = fc.record({
    learningRate: rate,
    betas: fc.tuple(belowOne, belowOne),
    epsilon: between(1e-12, 0.1),
    weightDecay: fc.oneof(fc.constant(0), rate),
    amsgrad: fc.boolean(),
  });
  fc.assert(
    fc.property(pairs, options, ({ start, gradients }, options) => {
      expectTrajectory(
        runRule(rule(options), start, gradients),
        [0, 1].map((k) =>
          adamByHand(
            start[k]!,
            gradients.map((g) => g[k]!),
            options,
            decoupled,
          ),
        ),
      );
    }),
    { numRuns: 60 },
  );
});

test('the defaults are those of PyTorch', () => {
  const [start, gradients] = [
    [0.5, -2],
    Array.from({ length: STEPS }, (_, t) => [Math.sin(t), 1 - t]),
  ] as const;
  const byHand = (run: (x: number, g: readonly number[]) => number[]): number[][] =>
    [0, 1].map((k) =>
      run(
        start[k]!,
        gradients.map((g) => g[k]!),
      ),
    );
  const common = {
    learningRate: 1e-3,
    betas: [0.9, 0.999],
    epsilon: 1e-8,
    amsgrad: false,
  } as const;
  expectTrajectory(
    runRule(sgd(), start, gradients),
    byHand((x, g) =>
      sgdByHand(x, g, {
        learningRate: 1e-3,
        momentum: 0,
        dampening: 0,
        nesterov: false,
        weightDecay: 0,
      }),
    ),
  );
  expectTrajectory(
    runRule(adam(), start, gradients),
    byHand((x, g) => adamByHand(x, g, { ...common, weightDecay: 0 }, false)),
  );
  expectTrajectory(
    runRule(adamW(), start, gradients),
    byHand((x, g) => adamByHand(x, g, { ...common, weightDecay: 1e-2 }, true)),
  );
});
