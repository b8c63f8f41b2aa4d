/** A program for tests: trains, saves a checkpoint after each step, and says so. It is killed on the way. */
import { existsSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { fit } from '@ad/optim';
import { loadCheckpoint, saveCheckpoint } from '@ad/optim/node';
import { model, optimizer, options, samples } from './training.ts';

const path = argv[2]!;
const resume = existsSync(path) ? await loadCheckpoint(path, model, optimizer()) : undefined;
const { parameters, state, history, steps } = await fit(model, samples, {
  ...options,
  optimizer: optimizer(),
  ...(resume === undefined ? {} : { resume: resume }),
  checkpoint: {
    every: 1,
    async save(checkpoint) {
      stdout.write(`saving ${checkpoint.steps}\n`);
      await saveCheckpoint(path, checkpoint);
      stdout.write(`saved ${checkpoint.steps}\n`);
    },
  },
});
await saveCheckpoint(`${path}.done`, {
  parameters,
  state,
  history,
  steps,
  step: 0,
  sums: [],
  samples: 0,
  setting: { seed: 0, batchSize: 1, shuffle: true, shards: 1 },
});
