/** The network: how it learns, and how it is examined. */
import { softmax } from '@ad/graph';
import { accuracy, adam, confusionMatrix, crossEntropy, fit, mlp, predict } from '@ad/optim';
import type { Model, ParametersOf } from '@ad/optim';
import type { Epoch } from './charts.ts';
import type { ConfusionTable } from './confusion.ts';
import { classCount, pixelCount, pixelsOf } from './data.ts';
import type { Digits, Split } from './data.ts';
import type { Mistake } from './report.ts';

/** The width of each layer: the pixels, the hidden units, the digits. */
export const layers: readonly number[] = [pixelCount, 64, classCount];

const network = mlp(layers, { activation: 'relu' });

/** The same network with probabilities for answers, where it learns with their logarithms. */
const reader: Model<Parameters> = {
  ...network,
  apply: (parameters, images) => softmax(network.apply(parameters, images)),
};

/** What the network has learned. */
export type Parameters = ParametersOf<typeof network>;

/** How to train. */
export interface TrainingOptions {
  /** How often each image is used. */
  readonly epochs: number;
  /** Decides the weights to start from and the order of the images. */
  readonly seed: number;
  /** Called after each epoch. */
  readonly onEpoch?: (epoch: Epoch) => void;
  /** Ends the training early when it is aborted. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface Training {
  readonly parameters: Parameters;
  /** One record for each complete epoch. */
  readonly epochs: readonly Epoch[];
}

/** Trains on one part; the other is looked at after each epoch and never learned from. */
export async function train(split: Split, options: TrainingOptions): Promise<Training> {
  const epochs: Epoch[] = [];
  const { parameters, nonFinite } = await fit(network, samplesOf(split.training), {
    loss: crossEntropy,
    optimizer: adam({ learningRate: 0.003 }),
    batchSize: 32,
    epochs: options.epochs,
    seed: options.seed,
    metrics: { accuracy },
    validation: samplesOf(split.heldOut),
    onEpoch: ({ epoch, loss, metrics, validation }) => {
      epochs.push({
        epoch,
        trainingLoss: loss,
        trainingAccuracy: metrics.accuracy,
        heldOutLoss: validation!.loss,
        heldOutAccuracy: validation!.metrics.accuracy,
      });
      options.onEpoch?.(epochs.at(-1)!);
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (nonFinite !== undefined) throw new Error(`the training failed: ${nonFinite.message}`);
  return { parameters, epochs };
}

/** What the network makes of some digits. */
export interface Examination {
  readonly table: ConfusionTable;
  readonly mistakes: readonly Mistake[];
}

/** Lets the network read digits, and marks what it got wrong. */
export function examine(parameters: Parameters, digits: Digits): Examination {
  const labels = digits.labels.data;
  const answers = predict(reader, parameters, digits.images).data;
  const mistakes: Mistake[] = [];
  const predictions = Array.from(labels, (truth, i) => {
    const probabilities = Array.from(answers.subarray(i * classCount, (i + 1) * classCount));
    const prediction = probabilities.indexOf(Math.max(...probabilities));
    if (prediction !== truth) {
      const line = digits.lines[i]!;
      mistakes.push({ pixels: pixelsOf(digits, i), truth, prediction, probabilities, line });
    }
    return prediction;
  });
  return {
    table: confusionMatrix(labels, predictions, classCount).toArray() as ConfusionTable,
    mistakes,
  };
}

/** The number of numbers that are learned: a weight for each pair of units in adjacent layers, and a bias for each. */
export function parameterCount(): number {
  return layers.slice(1).reduce((sum, width, k) => sum + (layers[k]! + 1) * width, 0);
}

const samplesOf = ({ images, labels }: Digits) => ({ inputs: images, targets: labels });
