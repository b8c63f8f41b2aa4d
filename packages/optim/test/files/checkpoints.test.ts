/** Checkpoints: going on is never having stopped; a file that does not fit is refused and changes nothing. */
import { tensor } from '@ad/graph';
import {
  accumulated,
  accuracy,
  adamW,
  averaged,
  type Checkpoint,
  crossEntropy,
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
  parseParameters,
  parseTensors,
  rprop,
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
