/** Wrong samples and options: every one is refused before anything has happened, in words that help. */
import { type GraphNode, max, tensor, type Tensor } from '@ad/graph';
import {
  accuracy,
  binaryCrossEntropy,
  crossEntropy,
  dense,
  evaluateModel,
  exportModel,
  fit,
  type FitOptions,
  hinge,
  meanSquaredError,
  mlp,
  type MlpParameters,
  type Model,
  parseCsv,
  poissonNll,
  predict,
  predictor,
  type Samples,
  samplesFromCsv,
  sequential,
  sgd,
  summary,
  withOptions,
} from '@ad/optim';
import { expect, test } from 'vitest';

const model = mlp([2, 3]);
const samples: Samples = {
  inputs: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  targets: [0, 1, 2],
};
const options: FitOptions<MlpParameters> = { loss: crossEntropy, epochs: 1 };

type Mistake = readonly [name: string, kind: string, message: RegExp];

const wrongOptions: readonly (readonly [...Mistake, change: Record<string, unknown>])[] = [
  [
    'no loss',
    'ValueError',
    /^fit: loss is undefined, expected a function of prediction and targets, such as crossEntropy$/,
    { loss: undefined },
  ],
  [
    'the name of a loss',
    'ValueError',
    /loss is "crossEntropy", expected a function/,
    { loss: 'crossEntropy' },
  ],
  ['no epochs', 'ValueError', /epochs is missing; say how often/, { epochs: undefined }],
  ['zero epochs', 'ValueError', /epochs is 0, expected an integer of 1 or more/, { epochs: 0 }],
  ['half an epoch', 'ValueError', /epochs is 0\.5, expected an integer/, { epochs: 0.5 }],
  ['infinitely many epochs', 'ValueError', /epochs is Infinity/, { epochs: Infinity }],
  ['epochs in a string', 'ValueError', /epochs is "10"/, { epochs: '10' }],
  [
    'batches of none',
    'ValueError',
    /batchSize is 0, expected an integer of 1 or more/,
    { batchSize: 0 },
  ],
  [
    'batches larger than the data',
    'ValueError',
    /batchSize is 4, but there are only 3 samples; give at most 3/,
    { batchSize: 4 },
  ],
  [
    'a seed that is a fraction',
    'ValueError',
    /seed is 1\.5, expected an integer from 0 to 2\^53 - 1/,
    { seed: 1.5 },
  ],
  ['shuffle as a number', 'ValueError', /shuffle is 1, expected true or false/, { shuffle: 1 }],
  [
    'a signal without aborted',
    'ValueError',
    /signal is an object, expected \{ aborted: boolean \}, such as an AbortSignal/,
    { signal: {} },
  ],
  [
    'a callback that is none',
    'ValueError',
    /onProgress is "log", expected a function/,
    { onProgress: 'log' },
  ],
  [
    'another callback that is none',
    'ValueError',
    /onEpoch is 3, expected a function/,
    { onEpoch: 3 },
  ],
  [
    'an optimizer by name',
    'ValueError',
    /optimizer is "adam", expected one such as adam\(\{ learningRate: 0\.01 \}\)/,
    { optimizer: 'adam' },
  ],
  [
    'a metric by name',
    'ValueError',
    /metrics\.accuracy is "accuracy", expected a function/,
    { metrics: { accuracy: 'accuracy' } },
  ],
  [
    'an executor that is none',
    'ValueError',
    /executor is "wasm", expected a function that makes programs/,
    { executor: 'wasm' },
  ],
  [
    'an unknown option',
    'ValueError',
    /there is no option "learningRate"; the options are loss, epochs, optimizer/,
    { learningRate: 0.1 },
  ],
  [
    'a metric that is an array',
    'ShapeError',
    /the metric largest returned a node of shape \[3\], expected a scalar: the mean over the batch/,
    { metrics: { largest: (x: GraphNode) => max(x, { axes: 1 }) } },
  ],
  [
    'a loss that is an array',
    'ShapeError',
    /the loss returned a node of shape \[3, 3\], expected a scalar/,
    { loss: (x: GraphNode) => x },
  ],
  [
    'a loss that returns nothing',
    'ValueError',
    /the loss returned undefined, expected a graph node/,
    { loss: () => undefined },
  ],
  [
    'a loss without the model',
    'ValueError',
    /the loss depends on none of the parameters; there is nothing to learn/,
    { loss: (_: GraphNode, y: GraphNode) => y.mul(1).mean() },
  ],
  [
    'parameters of another form',
    'ValueError',
    /fit: parameters must have the form .* \.layers is undefined/,
    { parameters: { w: tensor(1) } },
  ],
  [
    'parameters of another shape',
    'ShapeError',
    /fit: parameters\.layers\[0\]\.weights has shape \[3, 2\], expected \[2, 3\]/,
    { parameters: mlp([3, 2]).init(0) },
  ],
  [
    'state of another rule',
    'ValueError',
    /fit: state must have the form .* \.step is undefined/,
    { state: sgd({ momentum: 0.9 }).init(model.init(0)) },
  ],
  [
    'a file name to go on from',
    'ValueError',
    /^fit: resume is "run\.ckpt", expected a checkpoint: what options\.checkpoint\.save was given/,
    { resume: 'run.ckpt' },
  ],
  [
    'parameters to resume from',
    'ValueError',
    /^fit: resume is an object, expected a checkpoint/,
    { resume: model.init(0) },
  ],
  [
    'a file name to save to',
    'ValueError',
    /^fit: checkpoint: the options are "run\.ckpt", expected an object of every, save$/,
    { checkpoint: 'run.ckpt' },
  ],
  [
    'patience as a number',
    'ValueError',
    /^fit: earlyStopping: the options are 5, expected an object of patience, minDelta$/,
    { earlyStopping: 5 },
  ],
  [
    'no patience',
    'ValueError',
    /^fit: earlyStopping\.patience is missing, expected an integer of 1 or more$/,
    { earlyStopping: {} },
  ],
  [
    'validation with other columns',
    'ShapeError',
    /dense\(2, 3\): the input has shape \[1, 1\]/,
    { validation: { inputs: [[1]], targets: [0] } },
  ],
  [
    'validation with labels out of range',
    'ValueError',
    /fit: validation: targets row 0 is the label 3/,
    { validation: { inputs: [[1, 2]], targets: [3] } },
  ],
  [
    'validation without targets',
    'ValueError',
    /fit: validation: targets is missing/,
    { validation: { inputs: [[1, 2]] } },
  ],
];

test.each(wrongOptions)('%s: %s', async (_name, kind, message, change) => {
  const wrong = { ...options, ...change } as FitOptions<MlpParameters>;
  await expect(fit(model, samples, wrong)).rejects.toThrow(
    expect.objectContaining({ name: kind, message: expect.stringMatching(message) as string }),
  );
});

const wrongSamples: readonly (readonly [...Mistake, given: unknown])[] = [
  [
    'nothing',
    'ValueError',
    /^fit: the samples are undefined, expected \{ inputs, targets \}$/,
    undefined,
  ],
  ['no inputs', 'ValueError', /fit: inputs is missing; give a tensor/, { targets: [0] }],
  [
    'other names',
    'ValueError',
    /^fit: the samples are an object with "x", expected \{ inputs, targets \}$/,
    { x: [[1, 2]], y: [0] },
  ],
  [
    'empty inputs',
    'ValueError',
    /fit: inputs has shape \[0\]: there is nothing in it/,
    { inputs: [], targets: [] },
  ],
  [
    'a single number',
    'ShapeError',
    /fit: targets is a single number, expected a list/,
    { inputs: [[1, 2]], targets: 1 },
  ],
  [
    'ragged rows',
    'ShapeError',
    /fit: inputs row 1 has shape \[3\], but row 0 has \[2\]; all rows need the same number of values/,
    {
      inputs: [
        [1, 2],
        [1, 2, 3],
      ],
      targets: [0, 1],
    },
  ],
  [
    'a row that is a number',
    'ShapeError',
    /fit: inputs row 1 has shape \[\] \(a scalar\), but row 0 has \[2\]/,
    { inputs: [[1, 2], 3], targets: [0, 1] },
  ],
  [
    'a hole',
    'ValueError',
    /fit: inputs row 1: .*undefined/,
    {
      inputs: [
        [1, 2],
        [1, undefined],
      ],
      targets: [0, 1],
    },
  ],
  ['a string', 'ValueError', /fit: inputs row 0: .*"1"/, { inputs: [['1', 2]], targets: [0] }],
  [
    'NaN',
    'ValueError',
    /fit: inputs row 1 at \[0\] is NaN, expected a finite number; repair or leave out the row/,
    {
      inputs: [
        [1, 2],
        [Number.NaN, 2],
      ],
      targets: [0, 1],
    },
  ],
  [
    'Infinity',
    'ValueError',
    /fit: inputs row 0 at \[1\] is Infinity/,
    { inputs: [[1, Infinity]], targets: [0] },
  ],
  [
    'fewer targets than inputs',
    'ShapeError',
    /there are 2 inputs and 1 targets; give one target for each input/,
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
      targets: [0],
    },
  ],
  [
    'a label too large',
    'ValueError',
    /fit: targets row 1 is the label 3, but the model tells 3 classes apart: labels go from 0 to 2/,
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
      targets: [0, 3],
    },
  ],
  [
    'a negative label',
    'ValueError',
    /fit: targets row 0 is the label -1/,
    { inputs: [[1, 2]], targets: [-1] },
  ],
  [
    'a label that is a fraction',
    'ValueError',
    /fit: targets row 1 is 0\.5, expected a label: an integer from 0 up\. Use meanSquaredError/,
    {
      inputs: [
        [1, 2],
        [3, 4],
      ],
      targets: [0, 0.5],
    },
  ],
  [
    'one-hot targets',
    'ShapeError',
    /labels of shape \[\.\.\.\], got \[1, 3\] and \[1, 3\]/,
    { inputs: [[1, 2]], targets: [[1, 0, 0]] },
  ],
  [
    'inputs of another size',
    'ShapeError',
    /dense\(2, 3\): the input has shape \[1, 3\], expected \[samples, 2\]/,
    { inputs: [[1, 2, 3]], targets: [0] },
  ],
];

test.each(wrongSamples)('samples with %s: %s', async (_name, kind, message, given) => {
  await expect(fit(model, given as Samples, options)).rejects.toThrow(
    expect.objectContaining({ name: kind, message: expect.stringMatching(message) as string }),
  );
});

test('real targets that are not finite are refused, naming the row', async () => {
  const bad = { inputs: [[1, 2]], targets: [[1, Number.NaN, 3]] };
  await expect(fit(model, bad, { loss: meanSquaredError, epochs: 1 })).rejects.toThrow(
    /targets row 0 at \[1\] is NaN/,
  );
});

test('targets of another shape than the prediction are refused instead of broadcast', async () => {
  const flat = {
    inputs: [
      [1, 2],
      [3, 4],
    ],
    targets: [1, 2],
  };
  await expect(fit(mlp([2, 1]), flat, { loss: meanSquaredError, epochs: 1 })).rejects.toThrow(
    /prediction has shape \[2, 1\], the targets \[2\]/,
  );
});

test('a mistake costs nothing: no callback is called and no program is run', async () => {
  let events = 0;
  const watched = {
    ...options,
    onProgress: () => void events++,
    onEpoch: () => void events++,
  };
  await expect(fit(model, samples, { ...watched, batchSize: 4 })).rejects.toThrow(/batchSize/);
  await expect(fit(model, { ...samples, targets: [0, 1, 9] }, watched)).rejects.toThrow(/label 9/);
  expect(events).toBe(0);
});

test('a model that is none is refused', async () => {
  await expect(
    fit({} as Model<Tensor>, samples, { loss: crossEntropy, epochs: 1 }),
  ).rejects.toThrow(/the model is an object, expected \{ init, apply \}/);
  const broken = { init: () => tensor(1), apply: () => 3 } as unknown as Model<Tensor>;
  await expect(fit(broken, samples, { loss: crossEntropy, epochs: 1 })).rejects.toThrow(
    /the model returned 3, expected a graph node/,
  );
});

test('prediction and judgement check what they are given, too', () => {
  const parameters = model.init(0);
  expect(() => predict(model, parameters, [[1, Number.NaN]])).toThrow(
    /predict: inputs row 0 at \[1\] is NaN/,
  );
  expect(() => predict(model, parameters, [])).toThrow(/predict: inputs has shape \[0\]/);
  expect(() => predictor(model, { backend: 'wasm' } as never)).toThrow(
    /predictor: there is no option "backend"/,
  );
  const judge = (change: object, given = samples): unknown =>
    evaluateModel(model, parameters, given, {
      loss: crossEntropy,
      metrics: { accuracy },
      ...change,
    });
  expect(() => judge({ batchSize: 0 })).toThrow(/evaluateModel: batchSize is 0/);
  expect(() => judge({ epochs: 1 })).toThrow(
    /there is no option "epochs"; the options are loss, metrics, batchSize, executor/,
  );
  expect(() => judge({}, { ...samples, targets: [0, 1, 5] })).toThrow(
    /evaluateModel: targets row 2 is the label 5/,
  );
});

test('parameters of another model are refused wherever a model is used', () => {
  const uses: Record<string, (parameters: MlpParameters) => unknown> = {
    predict: (parameters) => predict(model, parameters, [[1, 2]]),
    evaluateModel: (parameters) =>
      evaluateModel(model, parameters, samples, { loss: crossEntropy }),
    exportModel: (parameters) => exportModel(model, parameters, { inputShape: [1, 2] }),
  };
  for (const [caller, use] of Object.entries(uses)) {
    expect(() => use(mlp([3, 3]).init(0))).toThrow(
      `${caller}: parameters.layers[0].weights has shape [3, 3], expected [2, 3]: are they those of this model?`,
    );
    // With the layers it shares alone it would have predicted something.
    expect(() => use(mlp([2, 5, 3]).init(0))).toThrow('has shape [2, 5], expected [2, 3]');
    expect(() => use({ parameters: model.init(0) } as never)).toThrow(
      `${caller}: parameters must have the form of what they belong to, but .layers is undefined`,
    );
  }
});

test('a sample that is no batch is refused, although it would broadcast', () => {
  expect(() => predict(model, model.init(0), [1, 2])).toThrow(
    /^predict: the model makes shape \[3\] of inputs of shape \[2\], .* give a single sample as a batch of one/,
  );
});

test('models, losses and tables are made of what they are made of', () => {
  const refused: readonly (readonly [mistake: () => unknown, message: RegExp])[] = [
    [() => dense(2, undefined as never), /^dense: outputs is missing, expected an integer of 1/],
    [
      () => (sequential as (...layers: unknown[]) => unknown)(dense(2, 4), dense(4, 3)),
      /^sequential: the layers are an object, expected a list: sequential\(\[/,
    ],
    [
      () => sequential([dense(2, 4), 'relu' as never]),
      /^sequential: layer 1 is "relu", expected \{ init, apply \}, such as .* activation\('relu'\)/,
    ],
    [
      () => summary(model, undefined as never),
      /^summary: input is undefined, expected the shape of a sample, such as \[64\]/,
    ],
    [
      () => (crossEntropy as unknown as () => unknown)(),
      /^crossEntropy: got undefined and undefined, expected nodes .* give it to fit as it is/,
    ],
    [
      () => (meanSquaredError as (...given: unknown[]) => unknown)([1], [2]),
      /^meanSquaredError: got a list of 1 and a list of 1, expected nodes/,
    ],
    [() => parseCsv(new Uint8Array(3) as never), /^parseCsv: the text is an object, .*TextDecoder/],
    [
      () => samplesFromCsv('a,b\n1,x\n', { target: 'b', classes: 'x' as never }),
      /^samplesFromCsv: classes is "x", expected a list of names, or true for those that occur/,
    ],
    [
      () => samplesFromCsv('a,b\n1,2\n', { target: 'b', inputs: 'a' as never }),
      /^samplesFromCsv: inputs is "a", expected a list of names$/,
    ],
  ];
  for (const [mistake, message] of refused) {
    expect(mistake).toThrow(
      expect.objectContaining({
        name: 'ValueError',
        message: expect.stringMatching(message) as string,
      }),
    );
  }
});

test.each([
  ['binaryCrossEntropy', binaryCrossEntropy, 2, 'a number from 0 to 1'],
  ['binaryCrossEntropy', withOptions(binaryCrossEntropy, { positiveWeight: 2 }), -1, '0 to 1'],
  ['hinge', hinge, 0, '-1 or 1'],
  ['poissonNll', poissonNll, -1, 'a finite number of 0 or more'],
] as const)('%s refuses targets that it cannot be of', async (_name, loss, target, words) => {
  const given = {
    inputs: [
      [1, 2],
      [3, 4],
    ],
    targets: [[1], [target]],
  };
  const message = `targets row 1 at [0] is ${target}, but the loss is of targets that are`;
  const single = mlp([2, 1]);
  await expect(fit(single, given, { loss, epochs: 1 })).rejects.toThrow(`fit: ${message}`);
  await expect(fit(single, given, { loss, epochs: 1 })).rejects.toThrow(words);
  expect(() => evaluateModel(single, single.init(0), given, { loss })).toThrow(
    `evaluateModel: ${message}`,
  );
  const stream = (): Samples[] => [given];
  await expect(fit(single, stream, { loss, epochs: 1, batchSize: 2 })).rejects.toThrow(message);
});

test.each([
  ['a list', [accuracy], 'a list of 1'],
  ['a metric', accuracy, 'a function'],
])('metrics have names: %s is refused', async (_name, metrics, words) => {
  await expect(fit(model, samples, { ...options, metrics: metrics as never })).rejects.toThrow(
    `fit: metrics are ${words}, expected functions by name, as in { accuracy }`,
  );
});
