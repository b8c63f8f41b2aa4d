/** Early stopping, the best epoch, and streams. */
import { type Tensor, tensor } from '@ad/graph';
import {
  accuracy,
  adam,
  type Checkpoint,
  crossEntropy,
  fit,
  meanSquaredError,
  mlp,
  type MlpParameters,
  type Model,
  moons,
  type Samples,
  sgd,
  split,
} from '@ad/optim';
import { describe, expect, test } from 'vitest';

type Weight = { readonly w: Tensor };
const weight: Model<Weight> = { init: () => ({ w: tensor(0) }), apply: ({ w }, x) => x.mul(w) };
/** Training pulls w from 0 to 2, by halves; the validation samples want 1. */
const pull = {
  loss: meanSquaredError,
  optimizer: sgd({ learningRate: 0.25 }),
  validation: { inputs: [[1]], targets: [[1]] },
};
const two = { inputs: [[1]], targets: [[2]] };

describe('early stopping', () => {
  test('ends when the validation loss has made no progress for so many epochs', async () => {
    for (const patience of [1, 2, 3]) {
      const result = await fit(weight, two, { ...pull, epochs: 50, earlyStopping: { patience } });
      // w is 1 after the first epoch, where the loss is 0; then there is no progress.
      expect([result.stopped, result.history.length]).toEqual(['early', 1 + patience]);
    }
    const all = await fit(weight, two, { ...pull, epochs: 3, earlyStopping: { patience: 3 } });
    expect(all.stopped).toBe('finished');
  });

  test('asks for progress of the size given, of the mean loss where there is no validation', async () => {
    const { validation: _, ...alone } = pull;
    // The loss before each step is 4, 1, 1/4, ...
    const options = { ...alone, epochs: 50 };
    const big = { patience: 1, minDelta: 2 };
    expect((await fit(weight, two, { ...options, earlyStopping: big })).history).toHaveLength(3);
    const small = { patience: 1, minDelta: 0.1 };
    expect((await fit(weight, two, { ...options, earlyStopping: small })).history).toHaveLength(5);
  });

  test('counts on from a checkpoint', async () => {
    const saved: Checkpoint<Weight>[] = [];
    const options = { ...pull, epochs: 50, earlyStopping: { patience: 4 }, keepBest: true };
    const checkpoint = { every: 1, save: (c: Checkpoint<Weight>) => void saved.push(c) };
    const whole = await fit(weight, two, { ...options, checkpoint });
    expect(saved.length).toBeGreaterThanOrEqual(5);
    for (const resume of saved) {
      expect(await fit(weight, two, { ...options, resume })).toEqual(whole);
    }
  });

  test('is refused where it is malformed', async () => {
    const go = (more: object): Promise<unknown> =>
      fit(weight, two, { ...pull, epochs: 2, ...more });
    await expect(go({ earlyStopping: {} })).rejects.toThrow(/earlyStopping\.patience is missing/);
    await expect(go({ earlyStopping: { patience: 0 } })).rejects.toThrow(
      /patience is 0, expected an int/,
    );
    await expect(go({ earlyStopping: { patience: 1, minDelta: -1 } })).rejects.toThrow(
      /minDelta is -1/,
    );
    await expect(go({ earlyStopping: { patience: 1, monitor: 'x' } })).rejects.toThrow(
      /no option "monitor"/,
    );
    await expect(go({ keepBest: 'yes' })).rejects.toThrow(
      /keepBest is "yes", expected true or false/,
    );
    await expect(go({ checkpoint: { save() {} } })).rejects.toThrow(/checkpoint\.every is missing/);
    await expect(go({ checkpoint: { every: 0, save() {} } })).rejects.toThrow(
      /checkpoint\.every is 0/,
    );
    await expect(go({ checkpoint: { every: 1, save: 1 } })).rejects.toThrow(
      /checkpoint\.save is 1, expected/,
    );
  });
});

test('the best epoch is kept with its parameters, which are not touched any more', async () => {
  const { best, parameters } = await fit(weight, two, { ...pull, epochs: 6, keepBest: true });
  expect(best).toEqual({ epoch: 1, loss: 0, parameters: { w: tensor(1) } });
  expect(parameters.w.item()).toBe(2 - 2 ** -5);
  expect(await fit(weight, two, { ...pull, epochs: 6 })).not.toHaveProperty('best');
});

test('what checkpoint.save throws ends the training', async () => {
  const save = (): Promise<void> => Promise.reject(new RangeError('the disk is full'));
  const options = { ...pull, epochs: 2, checkpoint: { every: 1, save } };
  await expect(fit(weight, two, options)).rejects.toThrow('the disk is full');
});

describe('streams', () => {
  const model = mlp([2, 6, 2]);
  const set = moons({ samples: 23, seed: 1 });
  /** The set in pieces of these sizes, as often as it takes. */
  async function* pieces(sizes: readonly number[]): AsyncGenerator<Samples> {
    let start = 0;
    for (let k = 0; start < 23; k++) {
      const end = Math.min(23, start + sizes[k % sizes.length]!);
      await Promise.resolve();
      yield {
        inputs: tensor(set.inputs.data.slice(2 * start, 2 * end), { shape: [end - start, 2] }),
        targets: Array.from(set.targets.data.slice(start, end)),
      };
      start = end;
    }
  }
  const options = {
    loss: crossEntropy,
    metrics: { accuracy },
    optimizer: adam(),
    batchSize: 4,
    epochs: 3,
    seed: 2,
  };

  test('give what the same samples in memory give, however they are cut', async () => {
    const expected = await fit(model, set, { ...options, shuffle: false });
    for (const sizes of [[23], [1], [3, 5], [4]]) {
      expect(await fit(model, () => pieces(sizes), options)).toEqual(expected);
    }
    expect(await fit(model, () => [set], options)).toEqual(expected);
  });

  test('are opened anew in each epoch, report no number of steps, and are closed', async () => {
    const epochs: number[] = [];
    let closed = 0;
    const stream = async function* (epoch: number): AsyncGenerator<Samples> {
      epochs.push(epoch);
      try {
        yield* pieces([5]);
      } finally {
        closed++;
      }
    };
    const signal = { aborted: false };
    const { stopped } = await fit(model, stream, {
      ...options,
      signal,
      onProgress(progress) {
        expect(progress).not.toHaveProperty('steps');
        signal.aborted = progress.epoch === 2 && progress.step === 2;
      },
    });
    expect([stopped, epochs, closed]).toEqual(['aborted', [1, 2], 2]);
  });

  test('go on from a checkpoint in the middle of an epoch', async () => {
    const saved: Checkpoint<MlpParameters, 'accuracy'>[] = [];
    const stream = (): AsyncGenerator<Samples> => pieces([7]);
    const checkpoint = { every: 4, save: (c: (typeof saved)[0]) => void saved.push(c) };
    const whole = await fit(model, stream, { ...options, checkpoint });
    for (const resume of saved) {
      expect(await fit(model, stream, { ...options, resume })).toEqual(whole);
    }
  });

  test('that are empty or malformed are refused', async () => {
    const go = (stream: never, more: object = {}): Promise<unknown> =>
      fit(model, stream, { ...options, ...more });
    await expect(go((() => []) as never)).rejects.toThrow(/the stream of epoch 1 has no samples/);
    await expect(go((() => 3) as never)).rejects.toThrow(
      /fit: the source is 3, expected something to iter/,
    );
    const bad = { inputs: [[1, 2]], targets: [2] };
    await expect(go((() => [bad]) as never)).rejects.toThrow(
      /targets row 0 is the label 2, but the model/,
    );
    await expect(go((() => [{ ...bad, targets: [0.5] }]) as never)).rejects.toThrow(
      /fit: piece 0: targets row 0 is 0\.5, expected a label/,
    );
  });
});

test('the parts of a split are samples like others', async () => {
  const { train, test: kept } = split(moons({ samples: 40 }), { test: 0.25 });
  const { history } = await fit(mlp([2, 2]), train, {
    loss: crossEntropy,
    epochs: 1,
    validation: kept,
  });
  expect(history).toHaveLength(1);
});
