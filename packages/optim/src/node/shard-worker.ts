/** What a worker thread does: computes shards of batches until it is terminated. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { hostKernel } from '@ad/compiler/kernels';
import { loadProgram } from '@ad/compiler/load';
import type { SampleTensors } from '../data/samples.ts';
import { BatchProgram } from '../training/batch-program.ts';
import { computeShard, copyParameters, type ShardedBatch } from '../training/shards.ts';
import {
  BATCH,
  BUSY,
  type Message,
  NEXT,
  type SentBatch,
  START,
  TURN,
  type WorkerData,
} from './protocol.ts';
import { samplesIn } from './shared-memory.ts';

const { words } = workerData as WorkerData;
const port = parentPort!;
const batches = new Map<number, ShardedBatch>();
let samples: SampleTensors | undefined;
let order: Int32Array | null = null;

for (let turn = 0; ;) {
  Atomics.wait(words, TURN, turn);
  turn = Atomics.load(words, TURN);
  for (let next; (next = receiveMessageOnPort(port)) !== undefined;) read(next.message as Message);
  computeShards(batches.get(Atomics.load(words, BATCH))!);
  if (Atomics.sub(words, BUSY, 1) === 1) port.postMessage('done');
}

function read(message: Message): void {
  if ('samples' in message) samples = samplesIn(message.samples);
  else if ('order' in message) ({ order } = message);
  else if ('forget' in message) batches.delete(message.forget);
  else batches.set(message.batch.number, load(message.batch));
}

function load({ parameters, programs, shards }: SentBatch): ShardedBatch {
  const loaded = programs.map(
    ({ bytes, size }) => new BatchProgram(loadProgram(bytes, { hostKernel }), size),
  );
  return {
    parameters,
    programs: loaded,
    shards: shards.map(({ program, ...shard }) => ({ ...shard, program: loaded[program]! })),
  };
}

/** Takes shards until there are none; a program gets the parameters when its first shard is taken. */
function computeShards({ parameters, shards }: ShardedBatch): void {
  const ready = new Set<BatchProgram>();
  const start = Atomics.load(words, START);
  for (let k; (k = Atomics.add(words, NEXT, 1)) < shards.length;) {
    const shard = shards[k]!;
    if (!ready.has(shard.program)) copyParameters(shard.program, parameters);
    ready.add(shard.program);
    computeShard(shard, samples!, order, start);
  }
}
