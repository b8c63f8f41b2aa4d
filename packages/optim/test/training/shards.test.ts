/** Batches in shards: the numbers of the whole batch, but for what looks at samples together. */
import { interpreter, tensor, type Tensor } from '@ad/graph';
import {
  accumulated,
  accuracy,
  adam,
  batchNorm,
  type Checkpoint,
  clipByNorm,
  crossEntropy,
  dropout,
  evaluateModel,
  fit,
  lamb,
  meanSquaredError,
  mlp,
  type MlpParameters,
  type Model,
  moons,
  sequential,
  sgd,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';

const model = mlp([2, 5, 2], { activation: 'tanh' });
const samples = moons({ samples: 23, seed: 3 });
const common = { loss: crossEntropy, metrics: { accuracy }, batchSize: 9, epochs: 3, seed: 7 };
const numbersOf = ({ layers }: MlpParameters): number[] =>
  layers.flatMap(({ weights, bias }) => [...weights.data, ...bias.data]);

describe.each([
  ['sgd', () => sgd({ learningRate: 0.1, momentum: 0.9 })],
  ['clipped adam, accumulated', () => accumulated(clipByNorm(adam(), 0.1), 2)],
  ['lamb', () => lamb()],
])('%s', (_name, optimizer) => {
  // Batches of 9, 9 and 5: in 4 shards of 3, 2, 2, 2 and 2, 1, 1, 1; 20 are more than there are samples.
  test.each([2, 3, 4, 20])('%i shards take the way of the whole batch', async (shards) => {
    const whole = await fit(model, samples, { ...common, optimizer: optimizer() });
    const cut = await fit(model, samples, { ...common, optimizer: optimizer(), shards });
    numbersOf(cut.parameters).forEach((x, k) =>
      expect(x).toBeCloseTo(numbersOf(whole.parameters)[k]!, 12),
    );
    cut.history.forEach(({ loss, metrics }, k) => {
      expect(loss).toBeCloseTo(whole.history[k]!.loss, 12);
      expect(metrics.accuracy).toBeCloseTo(whole.history[k]!.metrics.accuracy, 12);
    });
    expect(cut.steps).toBe(whole.steps);
  });
});

test('samples count the same in shards of different sizes, and in a smaller last batch', async () => {
  const weight: Model<{ readonly w: Tensor }> = {
    init: () => ({ w: tensor(0) }),
    apply: ({ w }, x) => x.mul(w),
  };
  const targets = [1, 2, 4, 8, 16, 32, 64, 128];
  const { parameters, history } = await fit(
    weight,
    { inputs: targets.map(() => 1), targets },
    {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0.5 }),
      batchSize: 5,
      epochs: 1,
      shards: 2,
      shuffle: false,
    },
  );
  // With this rate a step goes to the mean of the targets of its batch: 31/5, then 224/3.
  expect(parameters.w.item()).toBeCloseTo(224 / 3, 12);
  const squares = [1, 2, 4, 8, 16].reduce((sum, y) => sum + y ** 2, 0);
  const rest = [32, 64, 128].reduce((sum, y) => sum + (y - 31 / 5) ** 2, 0);
  expect(history[0]!.loss).toBeCloseTo((squares + rest) / 8, 10);
});

test('each shard has masks of its own, new ones in each step', async () => {
  const columns = 64;
  const masked = sequential([
    {
      init: () => ({ w: tensor(new Float64Array(columns)) }),
      apply: ({ w }, x) => x.add(w),
    } satisfies Model<{ readonly w: Tensor }>,
    dropout(0.5),
  ]);
  const slopes: number[][] = [];
  let before = new Array<number>(columns).fill(0);
  await fit(
    masked,
    {
      inputs: tensor(new Float64Array(2 * columns), { shape: [2, columns] }),
      targets: [0, 0],
    },
    {
      loss: (prediction) => prediction.sum(),
      optimizer: sgd({ learningRate: 1 }),
      epochs: 2,
      shards: 2,
      checkpoint: {
        every: 1,
        save({ parameters }) {
          const now = [...parameters.layers[0].w.data];
          slopes.push(now.map((x, k) => before[k]! - x));
          before = now;
        },
      },
    },
  );
  // The mean over two masks of 0 or 2. The same mask in both would leave out 1.
  const counts = (step: number[]): number[] =>
    [0, 1, 2].map((n) => step.filter((x) => x === n).length);
  expect(counts(slopes[0]!).every((count) => count > 5)).toBe(true);
  expect(counts(slopes[0]!).reduce((a, b) => a + b)).toBe(columns);
  expect(slopes[1]).not.toEqual(slopes[0]);
});

test('running statistics are the means over shards, weighted by their rows', async () => {
  const rows = Array.from({ length: 7 }, (_, k) => [k * k]);
  const { parameters } = await fit(
    sequential([batchNorm(1, { momentum: 1 })]),
    { inputs: rows, targets: rows },
    { loss: meanSquaredError, epochs: 1, shards: 2, shuffle: false },
  );
  const { mean, variance } = parameters.layers[0];
  const meanOf = (x: readonly number[]): number => x.reduce((a, b) => a + b) / x.length;
  const varianceOf = (x: readonly number[]): number =>
    (meanOf(x.map((y) => (y - meanOf(x)) ** 2)) * x.length) / (x.length - 1);
  const all = rows.flat();
  expect(mean.item()).toBeCloseTo(meanOf(all), 12);
  const expected = (4 * varianceOf(all.slice(0, 4)) + 3 * varianceOf(all.slice(4))) / 7;
  expect(variance.item()).toBeCloseTo(expected, 10);
});

test('who runs the programs does not matter', async () => {
  const options = { ...common, shards: 3 };
  const compiled = await fit(model, samples, options);
  const interpreted = await fit(model, samples, { ...options, executor: interpreter });
  numbersOf(interpreted.parameters).forEach((x, k) =>
    expect(x).toBeCloseTo(numbersOf(compiled.parameters)[k]!, 10),
  );
  const { loss } = evaluateModel(model, compiled.parameters, samples, { loss: crossEntropy });
  expect(loss).toBeLessThan(compiled.history[0]!.loss);
});

test('training goes on from every step to the same bits, with the same number of shards only', async () => {
  const options = { ...common, shards: 3 };
  const saved: Checkpoint<MlpParameters, 'accuracy'>[] = [];
  const whole = await fit(model, samples, {
    ...options,
    checkpoint: { every: 1, save: (checkpoint) => void saved.push(checkpoint) },
  });
  for (const resume of saved) {
    expect(await fit(model, samples, { ...options, resume })).toEqual(whole);
  }
  await expect(fit(model, samples, { ...common, resume: saved[0]! })).rejects.toThrow(
    /fit: resume: the checkpoint was made with shards 3, but now it is 1/,
  );
});
