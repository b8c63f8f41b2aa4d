import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Epoch } from './charts.ts';
import { accuracyOf, totalOf } from './confusion.ts';
import { loadDigits, splitDigits } from './data.ts';
import { networks, parameterCount } from './networks.ts';
import { examine, train } from './train.ts';
import type { Training } from './train.ts';

const path = fileURLToPath(new URL('data/digits.csv', import.meta.url));
const split = splitDigits(loadDigits(path), 1);

describe('two epochs', () => {
  let training: Training;
  const seen: Epoch[] = [];
  beforeAll(async () => {
    training = await train(networks.dense, split, {
      epochs: 2,
      seed: 1,
      onEpoch: (epoch) => seen.push(epoch),
    });
  });

  it('are far better than chance on images not learned from', () => {
    const [first, second] = training.epochs as [Epoch, Epoch];
    expect(second.trainingLoss).toBeLessThan(first.trainingLoss);
    expect(second.heldOutLoss).toBeLessThan(Math.log(10) / 2);
    expect(second.heldOutAccuracy).toBeGreaterThan(0.7);
  });

  it('are reported as they end', () => {
    expect(seen).toEqual(training.epochs);
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it('are examined on every held-out image, with the accuracy that training saw', () => {
    const { table, mistakes } = examine(networks.dense, training.parameters, split.heldOut);
    expect(totalOf(table)).toBe(360);
    expect(accuracyOf(table)).toBeCloseTo(training.epochs[1]!.heldOutAccuracy, 12);
    expect(mistakes).toHaveLength(Math.round(360 * (1 - accuracyOf(table))));
  });

  it('leave mistakes with the image, and with probabilities that choose the wrong digit', () => {
    const { mistakes } = examine(networks.dense, training.parameters, split.heldOut);
    for (const { pixels, truth, prediction, probabilities, line } of mistakes) {
      expect(prediction).not.toBe(truth);
      expect(Math.max(...probabilities)).toBe(probabilities[prediction]);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      const place = split.heldOut.lines.indexOf(line);
      expect(split.heldOut.labels.data[place]).toBe(truth);
      expect(Array.from(pixels)).toEqual(
        Array.from(split.heldOut.images.data.subarray(place * 64, (place + 1) * 64)),
      );
    }
  });

  it('have as many parameters as are counted', () => {
    const { layers } = training.parameters;
    const sizes = layers.flatMap((layer) => Object.values(layer).map(({ size }) => size));
    expect(parameterCount(networks.dense)).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  it('give the same again for the same seed', async () => {
    const again = await train(networks.dense, split, { epochs: 1, seed: 1 });
    expect(again.epochs[0]).toEqual(training.epochs[0]);
  });
});

it('an interrupt ends the training with what was learned so far', async () => {
  const interrupt = new AbortController();
  const { epochs, parameters } = await train(networks.dense, split, {
    epochs: 50,
    seed: 1,
    onEpoch: () => {
      interrupt.abort();
    },
    signal: interrupt.signal,
  });
  expect(epochs).toHaveLength(1);
  const { table } = examine(networks.dense, parameters, split.heldOut);
  expect(accuracyOf(table)).toBeCloseTo(epochs[0]!.heldOutAccuracy, 12);
});

it('the convolutional network learns more in two epochs', async () => {
  const { parameters, epochs } = await train(networks.convolutional, split, { epochs: 2, seed: 1 });
  expect(epochs[1]!.heldOutAccuracy).toBeGreaterThan(0.93);
  const { table } = examine(networks.convolutional, parameters, split.heldOut);
  expect(accuracyOf(table)).toBeCloseTo(epochs[1]!.heldOutAccuracy, 12);
  expect(parameterCount(networks.convolutional)).toBe(28_314);
});
