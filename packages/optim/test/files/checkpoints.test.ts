/** Checkpoints: going on is never having stopped; a file that does not fit is refused and changes nothing. */
import { tensor } from '@ad/graph';
import {
  accumulated,
  accuracy,
  adamW,
  averaged,
  batchNorm,
  type Checkpoint,
  crossEntropy,
  dense,
  dropout,
  fit,
  type FitOptions,
  lamb,
  mlp,
  type MlpParameters,
  nadam,
  onPlateau,
  type Optimizer,
  oneCycle,
  parseCheckpoint,
  type ParametersOf,
  parseParameters,
  parseTensors,
  rprop,
  sequential,
  serializeCheckpoint,
  serializeParameters,
  serializeTensors,
  sgd,
  moons,
} from '@ad/optim';
import { compiler } from '@ad/compiler';
import { describe, expect, test } from 'vitest';

const model = mlp([2, 6, 2], { activation: 'tanh' });
const samples = moons({ samples: 22, seed: 3 });
// 22 samples make four full batches and one of two.
const common = {
  loss: crossEntropy,
  metrics: { accuracy },
  batchSize: 5,
  epochs: 2,
  seed: 7,
  validation: moons({ samples: 10, seed: 4 }),
  keepBest: true,
};
type Options = FitOptions<MlpParameters, 'accuracy'>;

const rules: readonly (readonly [string, () => Optimizer])[] = [
  [
    'sgd on a plateau',
    () =>
      sgd({ momentum: 0.9, learningRate: onPlateau({ rate: 0.3, patience: 0, threshold: 0.1 }) }),
  ],
  [
    'adamW with a schedule',
    () => adamW({ amsgrad: true, learningRate: oneCycle({ highest: 0.1, steps: 20 }) }),
  ],
  ['nadam, accumulated and averaged', () => accumulated(averaged(nadam(), 0.9), 3)],
  ['rprop', () => rprop()],
  ['lamb', () => lamb({ weightDecay: 0.1 })],
];

describe.each(rules)('%s', (_name, make) => {
  test('goes on from every step, through a file, to the same bits', async () => {
    const options: Options = { ...common, optimizer: make() };
    const files: Uint8Array[] = [];
    const whole = await fit(model, samples, {
      ...options,
      checkpoint: {
        every: 1,
        save: (checkpoint) => void files.push(serializeCheckpoint(checkpoint)),
      },
    });
    // Saving changes nothing.
    expect(await fit(model, samples, options)).toEqual(whole);
    expect(files.length).toBeGreaterThanOrEqual(10);
    for (const bytes of files) {
      const resume = parseCheckpoint<MlpParameters, 'accuracy'>(bytes, model, make());
      expect(await fit(model, samples, { ...options, optimizer: make(), resume })).toEqual(whole);
    }
  });
});

describe('all that has state at once', () => {
  const model = sequential([
    dense(2, 6, { activation: 'tanh' }),
    batchNorm(6),
    dropout(0.3),
    dense(6, 2),
  ]);
  type Parameters = ParametersOf<typeof model>;
  const make = (): Optimizer =>
    accumulated(
      averaged(
        sgd({ momentum: 0.9, learningRate: onPlateau({ rate: 0.3, patience: 0, threshold: 0.1 }) }),
        0.9,
      ),
      2,
    );
  const stream = function* (epoch: number) {
    // Pieces that no batch ends with, in another order in each epoch.
    for (let k = 0; k < 22; k++) {
      const row = (7 * k + epoch) % 22;
      yield {
        inputs: tensor(samples.inputs.data.slice(2 * row, 2 * row + 2), { shape: [1, 2] }),
        targets: [samples.targets.data[row]!],
      };
    }
  };

  test.each([
    ['samples in memory, shuffled', samples, {}],
    ['a stream', stream, {}],
    ['samples in shards', samples, { shards: 2, batchSize: 9 }],
  ])('goes on from every third step of %s to the same bits', async (_name, source, more) => {
    // Epoch by epoch there is little progress, so early stopping has something to count.
    const options = {
      ...common,
      ...more,
      epochs: 6,
      earlyStopping: { patience: 2, minDelta: 0.05 },
    };
    const files: Uint8Array[] = [];
    const whole = await fit(model, source, {
      ...options,
      optimizer: make(),
      checkpoint: {
        every: 3,
        save: (checkpoint) => void files.push(serializeCheckpoint(checkpoint)),
      },
    });
    expect(whole.stopped).toBe('early');
    expect(files.length).toBeGreaterThan(3);
    for (const bytes of files) {
      const resume = parseCheckpoint<Parameters, 'accuracy'>(bytes, model, make());
      expect(await fit(model, source, { ...options, optimizer: make(), resume })).toEqual(whole);
    }
  });
});

test('goes on in single precision to the same bits', async () => {
  const options: Options = {
    ...common,
    executor: compiler({ precision: 'f32' }),
    optimizer: adamW(),
  };
  const files: Uint8Array[] = [];
  const whole = await fit(model, samples, {
    ...options,
    checkpoint: {
      every: 3,
      save: (checkpoint) => void files.push(serializeCheckpoint(checkpoint)),
    },
  });
  for (const bytes of files) {
    const resume = parseCheckpoint<MlpParameters, 'accuracy'>(bytes, model, adamW());
    expect(await fit(model, samples, { ...options, resume })).toEqual(whole);
  }
});

test('an aborted training is saved, and goes on', async () => {
  const options: Options = { ...common, optimizer: adamW() };
  const whole = await fit(model, samples, options);
  const saved: Checkpoint<MlpParameters, 'accuracy'>[] = [];
  const signal = { aborted: false };
  const { stopped } = await fit(model, samples, {
    ...options,
    signal,
    onProgress: ({ epoch, step }) => void (signal.aborted = epoch === 2 && step === 3),
    checkpoint: { every: 1000, save: (checkpoint) => void saved.push(checkpoint) },
  });
  expect([stopped, saved.length, saved[0]!.steps, saved[0]!.step]).toEqual(['aborted', 1, 8, 3]);
  expect(await fit(model, samples, { ...options, resume: saved[0]! })).toEqual(whole);
});

test('more epochs go on from the end, and none are needed where all are done', async () => {
  const options: Options = { ...common, optimizer: adamW() };
  const saved: Checkpoint<MlpParameters, 'accuracy'>[] = [];
  const checkpoint = { every: 1000, save: (c: (typeof saved)[0]) => void saved.push(c) };
  const first = await fit(model, samples, { ...options, epochs: 1, checkpoint });
  const resume = saved[0]!;
  expect(await fit(model, samples, { ...options, epochs: 1, resume })).toEqual(first);
  expect(await fit(model, samples, { ...options, resume })).toEqual(
    await fit(model, samples, options),
  );
});

test('numbers that JSON does not have survive a file', async () => {
  const saved: Checkpoint<MlpParameters>[] = [];
  await fit(model, samples, {
    loss: crossEntropy,
    epochs: 1,
    checkpoint: { every: 1000, save: (checkpoint) => void saved.push(checkpoint) },
    optimizer: sgd(),
  });
  const strange = {
    ...saved[0]!,
    sums: [-0, Number.NaN],
    history: [
      { epoch: 1, loss: Infinity, metrics: {}, validation: { loss: -Infinity, metrics: {} } },
    ],
  };
  expect(parseCheckpoint(serializeCheckpoint(strange), model, sgd())).toEqual(strange);
});

describe('a file that does not fit', () => {
  const files: Uint8Array[] = [];
  const rule = (): Optimizer => sgd({ momentum: 0.9 });
  const made = fit(model, samples, {
    ...common,
    optimizer: rule(),
    epochs: 1,
    checkpoint: {
      every: 1000,
      save: (checkpoint) => void files.push(serializeCheckpoint(checkpoint)),
    },
  });
  /** The file with something changed. */
  const changed = (
    change: (file: { tensors: Record<string, unknown>; training: Record<string, unknown> }) => void,
  ): Uint8Array => {
    const { tensors, metadata } = parseTensors(files[0]!);
    const training = JSON.parse(metadata['training']!) as Record<string, unknown>;
    const file = { tensors: { ...tensors } as Record<string, unknown>, training };
    change(file);
    return serializeTensors(file.tensors as never, {
      ...metadata,
      training: JSON.stringify(training),
    });
  };

  test.each<[string, Parameters<typeof changed>[0], RegExp]>([
    [
      'a tensor missing',
      ({ tensors }) => delete tensors['parameters.layers[0].bias'],
      /there is no tensor "parameters\.layers\[0\]\.bias", which the model needs/,
    ],
    [
      'a tensor of another shape',
      ({ tensors }) => (tensors['parameters.layers[0].bias'] = tensor([1])),
      /tensor "parameters\.layers\[0\]\.bias" is real \[1\], the model needs real \[6\]/,
    ],
    [
      'a tensor of another kind',
      ({ tensors }) =>
        (tensors['state.momentum.layers[1].bias'] = tensor([1, 2], { kind: 'integer' })),
      /is integer \[2\], the model needs real \[2\]/,
    ],
    [
      'an unknown tensor',
      ({ tensors }) => (tensors['parameters.layers[2].bias'] = tensor([1])),
      /the model has no place for "parameters\.layers\[2\]\.bias"/,
    ],
    ['no count', ({ training }) => (training['steps'] = -1), /steps is -1, expected a count/],
    [
      'no sums',
      ({ training }) => (training['sums'] = ['1']),
      /sums is a list of 1, expected a list of numbers/,
    ],
    [
      'no history',
      ({ training }) => delete training['history'],
      /history is undefined, expected a list/,
    ],
    [
      'a gap in history',
      ({ training }) => (training['history'] = [{ epoch: 2 }]),
      /history\[0\] is an object, expected the record of epoch 1/,
    ],
    ['no best', ({ training }) => (training['best'] = 3), /best is 3, expected an epoch/],
    [
      'no setting',
      ({ training }) => (training['setting'] = {}),
      /setting is an object, expected seed/,
    ],
  ])('with %s is refused', async (_name, change, message) => {
    await made;
    const before = JSON.stringify(model.init(0));
    expect(() =>
      parseCheckpoint(
        changed((file) => change(file)),
        model,
        rule(),
        'net.ckpt',
      ),
    ).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        message: expect.stringMatching(message) as string,
      }),
    );
    expect(JSON.stringify(model.init(0))).toBe(before);
  });

  test('cut short anywhere is refused, and so is one with more bytes', async () => {
    await made;
    const whole = files[0]!;
    const refused = expect.objectContaining({ name: 'FormatError' });
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseCheckpoint(whole.subarray(0, length), model, rule())).toThrow(refused);
    }
    const longer = Uint8Array.of(...whole, 0);
    expect(() => parseCheckpoint(longer, model, rule())).toThrow(refused);
  });

  test('with any byte of its header changed is refused, or read to numbers of the right form', async () => {
    await made;
    const bytes = files[0]!.slice();
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const names = new Set<string>();
    for (let at = 0; at < 8 + length; at++) {
      bytes[at]! ^= 4;
      try {
        const { parameters } = parseCheckpoint<MlpParameters>(bytes, model, rule());
        expect(parameters.layers.map(({ weights }) => weights.shape)).toEqual([
          [2, 6],
          [6, 2],
        ]);
      } catch (error) {
        names.add((error as Error).name);
      }
      bytes[at]! ^= 4;
    }
    expect([...names]).toEqual(['FormatError']);
  });

  test('of another rule, of parameters alone, or of another training is refused', async () => {
    await made;
    expect(() => parseCheckpoint(files[0]!, model, adamW())).toThrow(/no tensor "state\.step"/);
    expect(() => parseCheckpoint(files[0]!, mlp([2, 6, 3]), rule())).toThrow(
      /the model needs real \[6, 3\]/,
    );
    const alone = serializeParameters(model.init(0));
    expect(() => parseCheckpoint(alone, model, rule())).toThrow(
      /the format is undefined, .* this is no checkpoint/,
    );
    const resume = parseCheckpoint<MlpParameters, 'accuracy'>(files[0]!, model, rule());
    const go = (change: object): Promise<unknown> =>
      fit(model, samples, { ...common, optimizer: rule(), resume, ...change });
    await expect(go({ batchSize: 6 })).rejects.toThrow(
      /fit: resume: the checkpoint was made with batchSize 5, but now it is 6/,
    );
    await expect(go({ seed: 8 })).rejects.toThrow(/made with seed 7, but now it is 8/);
    await expect(go({ shuffle: false })).rejects.toThrow(/made with shuffle true/);
    await expect(go({ parameters: model.init(0) })).rejects.toThrow(
      /resume has parameters and state of its own/,
    );
    await expect(go({ optimizer: adamW() })).rejects.toThrow(
      /fit: resume: state must have the form/,
    );
  });
});

test('parameters come back from a file, and into no other form', () => {
  const parameters = model.init(5);
  const bytes = serializeParameters(parameters);
  expect(parseParameters(bytes, model.init(0))).toEqual(parameters);
  expect(Object.keys(parseTensors(bytes).tensors)[0]).toBe('parameters.layers[0].weights');
  expect(() => parseParameters(bytes, mlp([2, 2]).init(0))).toThrow(
    /is real \[2, 6\], the model needs real \[2, 2\]/,
  );
  expect(() => parseParameters(bytes, { layers: [] })).toThrow(/the model has no place for/);
});
