/** How the models learn the names of a list. */
import { adam, crossEntropy, fit } from '@ad/optim';
import type { LetterModel, Parameters } from './models.ts';
import { samplesOf } from './names.ts';

/** What came of it. */
export interface Learned {
  readonly parameters: Parameters;
  /** Mean surprise per symbol, in nats, on names not learned from: after each epoch. */
  readonly heldOut: readonly number[];
}

/** Learns from four fifths of the names; every fifth is only judged by. */
export async function learn(
  { model, learningRate }: LetterModel,
  names: readonly string[],
  epochs: number,
  onEpoch: (epoch: number, heldOut: number) => void = () => undefined,
): Promise<Learned> {
  const heldOut: number[] = [];
  const { parameters, nonFinite } = await fit(model, samplesOf(names.filter((_, k) => k % 5 > 0)), {
    loss: crossEntropy,
    optimizer: adam({ learningRate }),
    epochs,
    seed: 1,
    validation: samplesOf(names.filter((_, k) => k % 5 === 0)),
    onEpoch: ({ epoch, validation }) => {
      heldOut.push(validation!.loss);
      onEpoch(epoch, validation!.loss);
    },
  });
  if (nonFinite !== undefined) throw new Error(`the training failed: ${nonFinite.message}`);
  return { parameters, heldOut };
}
