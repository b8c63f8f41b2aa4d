/** Training for a hundred thousand steps: the last ones cost what the first ones cost, in time and in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { grad, type NodesOf } from '@ad/backprop';
import { compiler } from '@ad/compiler';
import { type GraphNode, type Tensor, tensor } from '@ad/graph';
import { accuracy, adam, crossEntropy, fit, mlp, type MlpParameters, moons } from '@ad/optim';
import { workerThreads } from '@ad/optim/node';
import { summaryOf } from '../measure.ts';
import type { Workload } from '../workload.ts';

const STEPS = 100_000;
/** Where memory is measured. */
const LOOKS: ReadonlySet<number> = new Set([10, 1000, STEPS]);
/** Steps whose time is taken together. */
const CHUNK = 100;

/** Collects garbage. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** The memories of WebAssembly that live, from now on: no other count has them. */
function watchMemories(): { readonly bytes: () => number; readonly end: () => void } {
  const { Memory } = WebAssembly;
  const made: WeakRef<WebAssembly.Memory>[] = [];
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(new WeakRef(this));
    }
  };
  return {
    bytes: () => made.reduce((sum, each) => sum + (each.deref()?.buffer.byteLength ?? 0), 0),
    end: () => {
      WebAssembly.Memory = Memory;
    },
  };
}

/** Measures a task that calls `tick` after each of its steps. */
async function watch(
  engine: string,
  keep: Parameters<Workload['run']>[0]['keep'],
  task: (tick: () => void | Promise<void>) => void | Promise<void>,
): Promise<void> {
  const collect = collector();
  const memories = watchMemories();
  const chunks: number[] = [];
  let steps = 0;
  let start = process.cpuUsage();
  const look = async (): Promise<void> => {
    // Twice, with a turn between them in which what is gone is noticed to be gone.
    collect();
    await new Promise((resolve) => void setTimeout(resolve, 10));
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const kilobytes = {
      heap: heapUsed / 1e3,
      'array buffers': arrayBuffers / 1e3,
      WebAssembly: memories.bytes() / 1e3,
    };
    for (const [what, value] of Object.entries(kilobytes)) {
      const metric = `${what} at step ${steps}`;
      keep({ engine, metric, unit: 'kB', median: value, best: value, worst: value });
    }
    start = process.cpuUsage();
  };
  await task(() => {
    steps++;
    if (steps % CHUNK === 0) {
      const { user, system } = process.cpuUsage(start);
      chunks.push((user + system) / CHUNK);
      start = process.cpuUsage();
    }
    return LOOKS.has(steps) ? look() : undefined;
  });
  memories.end();
  const tenth = chunks.length / 10;
  for (const [what, from] of [
    ['first', 0],
    ['middle', 4.5 * tenth],
    ['last', 9 * tenth],
  ] as const) {
    const values = chunks.slice(from, from + tenth);
    keep({ engine, metric: `step, ${what} tenth`, unit: 'us', ...summaryOf(values, 'us') });
  }
}

/** `long-training`. */
export const longTraining: Workload = {
  name: 'long-training',
  what: "100,000 steps of training a 2-16-2 network on 20 samples each, with fit and with grad in a loop of one's own, f32: processor time per step of all threads, and memory after the collection of garbage",
  async run({ keep }) {
    const executor = compiler({ precision: 'f32' });
    const model = mlp([2, 16, 2], { activation: 'tanh' });
    const ways = { '@ad fit': {}, '@ad fit, 2 workers': { workers: workerThreads(2) } };
    for (const [engine, way] of Object.entries(ways)) {
      await watch(engine, keep, async (tick) => {
        await fit(model, moons({ samples: 20_000, seed: 1 }), {
          loss: crossEntropy,
          metrics: { accuracy },
          optimizer: adam(),
          batchSize: 20,
          epochs: STEPS / 1000,
          validation: moons({ samples: 100, seed: 2 }),
          executor,
          onProgress: tick,
          ...way,
        });
      });
    }
    const { inputs } = moons({ samples: 20, seed: 1 });
    await watch('@ad grad', keep, async (tick) => {
      const slope = grad(
        (w: NodesOf<MlpParameters>, x: GraphNode) => model.apply(w, x).square().mean(),
        { executor },
      );
      let w = model.init(0);
      for (let step = 0; step < STEPS; step++) {
        const { layers } = slope(w, inputs);
        w = {
          layers: w.layers.map(({ weights, bias }, k) => ({
            weights: moved(weights, layers[k]!.weights),
            bias: moved(bias, layers[k]!.bias),
          })),
        };
        const wait = tick();
        if (wait !== undefined) await wait;
      }
    });
  },
};

/** A step of gradient descent, in an array of its own. */
function moved(from: Tensor, slope: Tensor): Tensor {
  return tensor(
    Float64Array.from(from.data, (x, i) => x - 1e-3 * slope.data[i]!),
    { shape: from.shape },
  );
}
