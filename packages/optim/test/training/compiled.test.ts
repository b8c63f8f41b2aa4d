/** Training does not depend on who runs the programs: the compiler follows the interpreter. */
import { interpreter, reciprocal } from '@ad/graph';
import { compile, compiler } from '@ad/compiler';
import {
  accumulated,
  accuracy,
  adamW,
  averaged,
  clipByNorm,
  crossEntropy,
  fit,
  groups,
  lamb,
  mlp,
  type MlpParameters,
  nadam,
  onPlateau,
  predict,
  predictor,
  radam,
  sgd,
  standardize,
  warmUp,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';
import { iris } from '../support/iris.ts';

const flowers = iris();
const samples = { ...flowers, inputs: standardize(flowers.inputs).inputs };
const model = mlp([4, 8, 3], { activation: 'tanh' });

const numbersOf = ({ layers }: MlpParameters): number[] =>
  layers.flatMap(({ weights, bias }) => [...weights.data, ...bias.data]);

describe.each([
  [
    'sgd with momentum and dampening',
    sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
  ],
  [
    'Nesterov',
    sgd({ learningRate: (step) => reciprocal(step.add(1)), momentum: 0.9, nesterov: true }),
  ],
  ['adamW with amsgrad', adamW({ learningRate: 0.01, amsgrad: true })],
  [
    'clipped radam with a schedule, averaged and accumulated',
    accumulated(
      averaged(clipByNorm(radam({ learningRate: warmUp({ rate: 0.05, steps: 9 }) }), 1), 0.9),
      2,
    ),
  ],
  [
    'groups of nadam and lamb',
    groups([
      { of: (path) => path.endsWith('bias'), rule: nadam({ learningRate: 0.01 }) },
      { rule: lamb({ learningRate: onPlateau({ rate: 0.05, patience: 0, threshold: 0.5 }) }) },
    ]),
  ],
] as const)('%s', (_name, optimizer) => {
  // 150 samples make nine full batches and one of six.
  const options = {
    loss: crossEntropy,
    metrics: { accuracy },
    optimizer,
    batchSize: 16,
    epochs: 4,
    validation: samples,
  };

  test('takes the same way compiled as interpreted', async () => {
    const expected = await fit(model, samples, { ...options, executor: interpreter });
    const got = await fit(model, samples, { ...options, executor: compile });
    numbersOf(got.parameters).forEach((x, i) =>
      expect(x).toBeCloseTo(numbersOf(expected.parameters)[i]!, 10),
    );
    got.history.forEach(({ loss, validation }, k) => {
      expect(loss).toBeCloseTo(expected.history[k]!.loss, 10);
      expect(validation!.loss).toBeCloseTo(expected.history[k]!.validation!.loss, 10);
    });
    const guess = predictor(model, { executor: compile });
    const logits = predict(model, got.parameters, samples.inputs, { executor: interpreter });
    guess(got.parameters, samples.inputs).data.forEach((x, i) =>
      expect(x).toBeCloseTo(logits.data[i]!, 10),
    );
  });

  test('goes about the same way in single precision', async () => {
    const expected = await fit(model, samples, { ...options, executor: interpreter });
    const got = await fit(model, samples, { ...options, executor: compiler({ precision: 'f32' }) });
    expect(got.stopped).toBe('finished');
    expect(got.history.at(-1)!.loss).toBeCloseTo(expected.history.at(-1)!.loss, 3);
  });
});

test('a step that is not finite is not taken by compiled programs either', async () => {
  const options = {
    loss: crossEntropy,
    optimizer: sgd({ learningRate: 1e200, weightDecay: 1 }),
    epochs: 20,
    batchSize: 150,
  };
  const expected = await fit(model, samples, { ...options, executor: interpreter });
  const got = await fit(model, samples, { ...options, executor: compile });
  expect(expected.stopped).toBe('diverged');
  expect([got.stopped, got.steps]).toEqual([expected.stopped, expected.steps]);
  expect(numbersOf(got.parameters).every((x) => Number.isFinite(x))).toBe(true);
});
