import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { showProgress } from './progress.ts';

/** What is written for a training of so many epochs. */
function written(epochs: number, isTTY: boolean): string {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 100 });
  const progress = showProgress(epochs, stream);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const accuracies = { trainingAccuracy: 0.9, heldOutAccuracy: 0.875 };
    progress.update({ epoch, trainingLoss: 1 / epoch, heldOutLoss: 1, ...accuracies });
  }
  progress.stop();
  return stream.read() as string;
}

it('is some plain lines without a terminal', () => {
  expect(written(40, false).split('\n')[0]).toBe('epoch 4/40: loss 0.250, held out 87.5 %');
  for (const epochs of [1, 6, 10, 11, 40, 1000]) {
    const lines = written(epochs, false).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.at(-1)).toContain(`epoch ${epochs}/${epochs}: `);
  }
  // eslint-disable-next-line no-control-regex
  expect(written(40, false)).not.toMatch(/\u001b/);
});

it('is a bar on a terminal, and leaves the cursor as it was', () => {
  const text = written(40, true);
  expect(text).toContain('epoch 40/40  loss 0.025  held out 87.5 %');
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
});
