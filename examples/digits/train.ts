/** The network: how it learns, and how it is examined. */
import { softmax } from '@ad/graph';
import { accuracy, adam, confusionMatrix, crossEntropy, fit, predict } from '@ad/optim';
import type { Model } from '@ad/optim';
import type { Epoch } from './charts.ts';
import type { ConfusionTable } from './confusion.ts';
import { classCount, pixelsOf } from './data.ts';
import type { Digits, Split } from './data.ts';
import type { Network, Parameters } from './networks.ts';
import type { Mistake } from './report.ts';

/** The same network with probabilities for answers, where it learns with their logarithms. */
const readerOf = ({ model }: Network): Model<Parameters> => ({
  init: (seed) => model.init(seed),
  apply: (parameters, images) => softmax(model.apply(parameters, images)),
});

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
  /** What trains; default `fit`, which shows nothing. */
  readonly fit?: typeof fit;
}

/** What came of it. */
export interface Training {
  readonly parameters: Parameters;
  /** One record for each complete epoch. */
  readonly epochs: readonly Epoch[];
}

/** Trains on one part; the other is looked at after each epoch and never learned from. */
export async function train(
  network: Network,
  split: Split,
  options: TrainingOptions,
): Promise<Training> {
  const epochs: Epoch[] = [];
  const { parameters, nonFinite } = await (options.fit ?? fit)(
    network.model,
    samplesOf(split.training),
    {
      loss: crossEntropy,
      optimizer: adam({ learningRate: network.learningRate }),
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
    },
  );
  if (nonFinite !== undefined) throw new Error(`the training failed: ${nonFinite.message}`);
  return { parameters, epochs };
}

/** What the network makes of some digits. */
export interface Examination {
  readonly table: ConfusionTable;
  readonly mistakes: readonly Mistake[];
}

/** Lets the network read digits, and marks what it got wrong. */
export function examine(network: Network, parameters: Parameters, digits: Digits): Examination {
  const labels = digits.labels.data;
  const answers = predict(readerOf(network), parameters, digits.images).data;
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

const samplesOf = ({ images, labels }: Digits) => ({ inputs: images, targets: labels });
