/** The networks there are to choose from. */
import type { Tensor } from '@ad/graph';
import {
  batchNorm,
  conv2d,
  cosineDecay,
  dense,
  dropout,
  flatten,
  type LearningRate,
  maxPool2d,
  mlp,
  type Model,
  reshape,
  sequential,
  summary,
} from '@ad/optim';
import { classCount, imageSide, pixelCount } from './data.ts';

/** What a network has learned: tensors, layer by layer. */
export interface Parameters {
  readonly layers: readonly Readonly<Record<string, Tensor>>[];
}

/** A network and how it learns. */
export interface Network {
  /** In words that follow "a network of". */
  readonly description: string;
  readonly model: Model<Parameters>;
  readonly learningRate: LearningRate;
  /** How often each image is used. */
  readonly epochs: number;
}

/** Steps of an epoch: four fifths of the images in batches of 32. */
const STEPS = 45;
const CONVOLUTIONAL_EPOCHS = 15;

const convolution = (inputs: number, outputs: number) =>
  conv2d(inputs, outputs, 3, { padding: 'same', activation: 'relu' });

/** By name. */
export const networks: Readonly<Record<'dense' | 'convolutional', Network>> = {
  dense: {
    description: `${pixelCount} – 64 – ${classCount} units`,
    model: mlp([pixelCount, 64, classCount], {
      activation: 'relu',
    }),
    learningRate: 0.003,
    epochs: 40,
  },
  convolutional: {
    description: 'three convolutions (24, 32 and 64 channels) and a dense layer',
    model: sequential([
      reshape([1, imageSide, imageSide]),
      convolution(1, 24),
      convolution(24, 32),
      maxPool2d(2),
      batchNorm(32),
      convolution(32, 64),
      maxPool2d(2),
      flatten(),
      dropout(0.3),
      dense(256, classCount),
    ]),
    learningRate: cosineDecay({ rate: 0.002, steps: CONVOLUTIONAL_EPOCHS * STEPS }),
    epochs: CONVOLUTIONAL_EPOCHS,
  },
};

/** The number of numbers that a network learns. */
export function parameterCount({ model }: Network): number {
  return summary(model, [pixelCount]).parameters;
}
