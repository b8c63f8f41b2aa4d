/** Training over worker threads: the bits of one thread, whoever computes which shard; and an end that leaves nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { tensor, type Tensor } from '@ad/graph';
import { compiler } from '@ad/compiler';
import {
  accuracy,
  adamW,
  averaged,
  batchNorm,
  type Checkpoint,
  crossEntropy,
  dense,
  dropout,
  fit,
  type FitOptions,
  meanSquaredError,
  type Model,
  moons,
  onPlateau,
  sequential,
  sgd,
  type Workers,
} from '@ad/optim';
import { WorkerError, workerThreads } from '@ad/optim/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundle } from './bundle.ts';

/** The code of the workers, bundled: Node does not run the sources. */
let file: string;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'workers-'));
  file = join(folder, 'shard-worker.mjs');
  await bundle('../../src/node/shard-worker.ts', file);
  return () => rm(folder, { recursive: true });
});

const threads = (count: number, ...execArgv: string[]): Workers =>
  workerThreads(count, { file, execArgv });

const samples = moons({ samples: 46, seed: 3 });
const model = sequential([
  dense(2, 6, { activation: 'tanh' }),
  batchNorm(6),
  dropout(0.3),
  dense(6, 2),
]);
type Parameters = ReturnType<typeof model.init>;
// 46 samples make two batches of 17, in shards of 5 and 4, and one of 12, in shards of 3.
const options = {
  loss: crossEntropy,
  metrics: { accuracy },
  optimizer: averaged(
    sgd({ momentum: 0.9, learningRate: onPlateau({ rate: 0.3, patience: 0, threshold: 0.1 }) }),
    0.9,
  ),
  batchSize: 17,
  epochs: 3,
  seed: 7,
  validation: moons({ samples: 10, seed: 4 }),
  earlyStopping: { patience: 2 },
  keepBest: true,
  shards: 4,
};

test('one, two or three workers come to the bits of this thread, in both precisions', async () => {
  for (const precision of ['f64', 'f32'] as const) {
    const executor = compiler({ precision });
    const alone = await fit(model, samples, { ...options, executor });
    expect(alone.steps).toBe(9);
    for (const count of precision === 'f64' ? [1, 2, 3] : [2]) {
      const workers = threads(count);
      expect(await fit(model, samples, { ...options, executor, workers })).toEqual(alone);
    }
  }
});

test('also on a stream, and going on from a checkpoint with another number of workers', async () => {
  const stream = function* () {
    for (let k = 0; k < 46; k += 10) {
      const end = Math.min(46, k + 10);
      yield {
        inputs: tensor(samples.inputs.data.slice(2 * k, 2 * end), { shape: [end - k, 2] }),
        targets: Array.from(samples.targets.data.slice(k, end)),
      };
    }
  };
  const saved: Checkpoint<Parameters, 'accuracy'>[] = [];
  const alone = await fit(model, stream, {
    ...options,
    checkpoint: { every: 4, save: (checkpoint) => void saved.push(checkpoint) },
  });
  const resume = saved[0]!;
  expect([resume.steps, resume.step]).toEqual([4, 1]);
  const together = await fit(model, stream, { ...options, resume, workers: threads(2) });
  expect(together).toEqual(alone);
});

/** The workers that this process has started. */
const started: Worker[] = [];
const note = (worker: Worker): void => void started.push(worker);
beforeAll(() => void process.on('worker', note));
afterAll(() => void process.off('worker', note));
/** Those that live. */
const alive = (): number => started.filter(({ threadId }) => threadId >= 0).length;

test('an aborted training ends with the steps so far, and without workers', async () => {
  const go = (more: Partial<FitOptions<Parameters, 'accuracy'>>) => {
    const signal = { aborted: false };
    return fit(model, samples, {
      ...options,
      ...more,
      signal,
      onProgress: ({ epoch, step }) => void (signal.aborted = epoch === 2 && step === 2),
    });
  };
  let during = 0;
  const together = await go({
    workers: threads(2),
    onEpoch: () => void (during = alive()),
  });
  expect(together).toEqual(await go({}));
  expect([together.stopped, together.steps]).toEqual(['aborted', 5]);
  expect([during, alive()]).toEqual([2, 0]);
});

test('what a callback throws ends the workers, too', async () => {
  const onProgress = (): never => {
    throw new RangeError('no more');
  };
  await expect(
    fit(model, samples, { ...options, onProgress, workers: threads(1) }),
  ).rejects.toThrow('no more');
  expect([started.length > 0, alive()]).toEqual([true, 0]);
});

/** Arguments that make a worker do something when it waits for its third turn. */
const inThirdTurn = (code: string): string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    `import { isMainThread } from 'node:worker_threads';
    const { wait } = Atomics;
    let turns = 0;
    if (!isMainThread) Atomics.wait = (...words) => { wait(...words); if (++turns === 3) { ${code} } };`,
  )}`,
];

test.each([
  ['throws', "throw new TypeError('broken');", /worker \d of 2 threw TypeError: broken; training/],
  ['ends', 'process.exit(9);', /worker \d of 2 ended with exit code 9; training has stopped/],
])('a worker that %s ends the training, and nothing has changed', async (_name, code, message) => {
  const parameters = model.init(1);
  const text = JSON.stringify(parameters);
  let steps = 0;
  const training = fit(model, samples, {
    ...options,
    parameters,
    onProgress: () => void steps++,
    workers: threads(2, ...inThirdTurn(code)),
  });
  await expect(training).rejects.toThrow(message);
  await expect(training).rejects.toBeInstanceOf(WorkerError);
  expect([steps, alive(), JSON.stringify(parameters)]).toEqual([2, 0, text]);
});

test('a step that is not finite is told as on one thread', async () => {
  const weight: Model<{ readonly w: Tensor }> = {
    init: () => ({ w: tensor(1) }),
    apply: ({ w }, x) => x.mul(w.log()),
  };
  const go = (more: object): Promise<unknown> =>
    fit(
      weight,
      { inputs: [1, 2, 3, 4], targets: [0, 0, 0, -9] },
      {
        loss: meanSquaredError,
        optimizer: sgd({ learningRate: 1 }),
        epochs: 9,
        batchSize: 2,
        ...more,
      },
    );
  const alone = await go({ shards: 2 });
  expect(alone).toMatchObject({ stopped: 'diverged', nonFinite: { node: { operation: 'log' } } });
  expect(await go({ shards: 2, workers: threads(2) })).toEqual(alone);
});

test('is refused where it is malformed', async () => {
  expect(() => workerThreads(0)).toThrow(/workerThreads: count is 0, expected an integer of 1/);
  expect(() => workerThreads(1, { threads: 2 } as never)).toThrow(/no option "threads"/);
  const go = (more: object): Promise<unknown> =>
    fit(model, samples, { ...options, optimizer: adamW(), ...more });
  await expect(go({ shards: 0 })).rejects.toThrow(/shards is 0, expected an integer of 1 or more/);
  await expect(go({ workers: 2 })).rejects.toThrow(
    /workers is 2, expected what computes shards, such as workerThreads\(2\)/,
  );
});
