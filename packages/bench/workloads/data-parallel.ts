/** A training step over worker threads, next to one thread. */
import { compiler } from '@ad/compiler';
import { tensor } from '@ad/graph';
import { adam, crossEntropy, fit, mlp } from '@ad/optim';
import { workerThreads } from '@ad/optim/node';
import { summaryOf } from '../measure.ts';
import { generator, uniform } from '../random.ts';
import type { Workload } from '../workload.ts';

const [BATCH, BATCHES] = [512, 8];

/** How the batches are computed. */
const WAYS = {
  '@ad': {},
  '@ad, 4 shards, this thread': { shards: 4 },
  '@ad, 4 shards, 1 worker': { shards: 4, workers: workerThreads(1) },
  '@ad, 4 shards, 2 workers': { shards: 4, workers: workerThreads(2) },
} as const;

/** `data-parallel`. */
export const dataParallel: Workload = {
  name: 'data-parallel',
  what: '784-128-64-10 relu network, 512 samples, softmax cross entropy: one step of Adam by fit, f32; wall time, as several threads work',
  async run({ keep }) {
    const random = generator(6);
    const samples = {
      inputs: tensor(Float32Array.from(uniform(random, BATCH * BATCHES * 784)), {
        shape: [BATCH * BATCHES, 784],
      }),
      targets: Int32Array.from({ length: BATCH * BATCHES }, () => Math.floor(10 * random())),
    };
    const model = mlp([784, 128, 64, 10]);
    const executor = compiler({ precision: 'f32' });
    const times = new Map(Object.keys(WAYS).map((engine) => [engine, [] as number[]]));
    // Turns of a few epochs each; the first epoch of a turn is left out, in which threads start and code gets fast.
    for (let round = 0; round < 10; round++) {
      for (const [engine, way] of Object.entries(WAYS)) {
        let last = 0;
        await fit(model, samples, {
          loss: crossEntropy,
          optimizer: adam(),
          batchSize: BATCH,
          epochs: 6,
          executor,
          ...way,
          onProgress({ epoch }) {
            const now = performance.now();
            if (epoch > 1) times.get(engine)!.push(now - last);
            last = now;
          },
        });
      }
    }
    for (const [engine, values] of times)
      keep({ engine, metric: 'step', unit: 'ms', ...summaryOf(values, 'ms') });
  },
};
