/**
 * A program for tests: trains, saves a checkpoint after each step, and says so. It kills itself in the middle of a write,
 * or is killed on the way.
 *
 * Arguments: the file, and at which stage of the write of which step it dies, if it is to.
 */
import { existsSync } from 'node:fs';
import files, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { argv, kill, pid, stdout } from 'node:process';
import { fit } from '@ad/optim';
import { loadCheckpoint, saveCheckpoint } from '@ad/optim/node';
import { model, optimizer, options, samples } from './training.ts';

const [path, stage, step] = [argv[2]!, argv[3], Number(argv[4])];
let steps = 0;

/** Dies for good: nothing more of this process is done. */
const dieAt = (place: string): void => {
  if (stage === place && steps === step) kill(pid, 'SIGKILL');
};

const { open, rename } = files;
files.open = async (...args: Parameters<typeof open>): Promise<FileHandle> => {
  const file = await open(...args);
  if (args[1] !== 'wx') return file;
  dieAt('created');
  const writeFile = file.writeFile.bind(file);
  const sync = file.sync.bind(file);
  file.writeFile = async (bytes) => {
    const half = (bytes as Uint8Array).subarray(0, (bytes as Uint8Array).length >> 1);
    if (stage === 'half' && steps === step) await writeFile(half);
    dieAt('half');
    await writeFile(bytes);
    dieAt('written');
  };
  file.sync = async () => {
    await sync();
    dieAt('synced');
  };
  return file;
};
files.rename = async (...args) => {
  await rename(...args);
  dieAt('renamed');
};
syncBuiltinESMExports();

const resume = existsSync(path) ? await loadCheckpoint(path, model, optimizer()) : undefined;
const result = await fit(model, samples, {
  ...options,
  optimizer: optimizer(),
  ...(resume === undefined ? {} : { resume }),
  checkpoint: {
    every: 1,
    async save(checkpoint) {
      ({ steps } = checkpoint);
      await saveCheckpoint(path, checkpoint);
      stdout.write(`saved ${steps}\n`);
    },
  },
});
const { parameters, state, history, best } = result;
await saveCheckpoint(`${path}.done`, {
  parameters,
  state,
  history,
  ...(best === undefined ? {} : { best }),
  steps: result.steps,
  step: 0,
  sums: [],
  samples: 0,
  setting: { seed: 0, batchSize: 1, shuffle: true, shards: 1 },
});
