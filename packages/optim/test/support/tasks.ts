/** Classification tasks and the networks that they are commonly given; judged on a fifth that is held out. */
import { readFileSync } from 'node:fs';
import {
  accuracy,
  adam,
  blobs,
  circles,
  crossEntropy,
  evaluateModel,
  fit,
  mlp,
  type MlpParameters,
  type Model,
  moons,
  type SampleTensors,
  samplesFromCsv,
  spirals,
  split,
  standardize,
  xor,
} from '@ad/optim';
import { iris } from './iris.ts';

/** A task. */
export interface Task {
  readonly name: string;
  /** The widths of the layers. */
  readonly sizes: readonly [number, number, ...number[]];
  readonly epochs: number;
  /** The accuracy on held-out samples that no seed falls short of. */
  readonly floor: number;
  readonly samples: (seed: number) => SampleTensors;
}

function digits(): SampleTensors {
  const path = new URL('../../../../examples/digits/data/digits.csv', import.meta.url);
  const text = readFileSync(path, 'utf8');
  return samplesFromCsv(text, { target: 'label', classes: DIGITS }).samples;
}

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

/** All tasks. A floor lies a few mistakes in the held-out part below the worst of ten seeds. */
export const tasks: readonly Task[] = [
  {
    name: 'moons',
    sizes: [2, 16, 16, 2],
    epochs: 60,
    floor: 0.97,
    samples: (seed) => moons({ samples: 500, seed }),
  },
  {
    name: 'spirals',
    sizes: [2, 32, 32, 2],
    epochs: 60,
    floor: 0.95,
    samples: (seed) => spirals({ samples: 500, seed }),
  },
  {
    name: 'circles',
    sizes: [2, 16, 16, 2],
    epochs: 60,
    floor: 0.95,
    samples: (seed) => circles({ samples: 500, seed }),
  },
  {
    name: 'blobs',
    sizes: [2, 16, 3],
    epochs: 60,
    floor: 0.98,
    samples: (seed) => blobs({ samples: 500, seed }),
  },
  {
    name: 'xor',
    sizes: [2, 8, 2],
    epochs: 60,
    floor: 0.98,
    samples: (seed) => xor({ samples: 500, seed }),
  },
  { name: 'iris', sizes: [4, 16, 3], epochs: 60, floor: 0.86, samples: iris },
  { name: 'digits', sizes: [64, 64, 10], epochs: 12, floor: 0.94, samples: digits },
];

/** The accuracy on a fifth of the samples after training on the others: tanh, Adam with rate 0.01, batches of 32. */
export async function heldOutAccuracy(
  { sizes, epochs, samples }: Task,
  seed: number,
): Promise<number> {
  const model: Model<MlpParameters> = mlp(sizes, { activation: 'tanh' });
  const { train, test } = split(samples(seed), { test: 0.2, seed });
  const scale = standardize(train.inputs);
  const { parameters } = await fit(
    model,
    { inputs: scale.inputs, targets: train.targets },
    { loss: crossEntropy, optimizer: adam({ learningRate: 0.01 }), epochs, seed },
  );
  const heldOut = { inputs: scale.apply(test.inputs), targets: test.targets };
  return evaluateModel(model, parameters, heldOut, { loss: crossEntropy, metrics: { accuracy } })
    .metrics.accuracy;
}
