/** TensorFlow.js with its back ends in plain JavaScript and in WebAssembly. */
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Contestant } from '../measure.ts';
import type { Arrays, Batch } from '../training-step.ts';
import type { UpdateRule } from './jax.ts';

/** The back ends that take part. */
export type Backend = 'cpu' | 'wasm';
type ByName = Readonly<Record<string, tf.Tensor>>;

/** Makes a contestant for each back end; what `make` allocates belongs to that back end. */
export async function tfjsContestants(
  backends: readonly Backend[],
  make: (library: typeof tf) => Pick<Contestant, 'step' | 'result'>,
): Promise<Contestant[]> {
  const require = createRequire(import.meta.url);
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  setThreadsCount(1);
  tf.enableProdMode();
  const contestants: Contestant[] = [];
  for (const backend of backends) {
    await tf.setBackend(backend);
    await tf.ready();
    const enter = async (): Promise<boolean> => tf.setBackend(backend);
    contestants.push({ engine: `tfjs ${backend}`, ...make(tf), enter });
  }
  return contestants;
}

/** A whole training step on each back end. */
export async function tfjsTraining(
  backends: readonly Backend[],
  parameters: Arrays,
  batch: Batch,
  loss: (library: typeof tf, parameters: ByName, batch: ByName) => tf.Tensor,
  rule: UpdateRule,
): Promise<Contestant[]> {
  return tfjsContestants(backends, () => {
    const tensors = (all: Batch): ByName =>
      Object.fromEntries(
        Object.entries(all).map(([name, { shape, data, kind }]) => [
          name,
          tf.tensor([...data], [...shape], kind === 'integer' ? 'int32' : 'float32'),
        ]),
      );
    const variables = Object.fromEntries(
      Object.entries(tensors(parameters)).map(([name, value]) => [name, tf.variable(value)]),
    );
    const data = tensors(batch);
    const optimizer =
      'sgd' in rule ? tf.train.sgd(rule.sgd) : tf.train.adam(rule.adam, 0.9, 0.999, 1e-8);
    let result = 0;
    const step = (): void => {
      const value = optimizer.minimize(() => loss(tf, variables, data).asScalar(), true)!;
      result = value.dataSync()[0]!;
      value.dispose();
    };
    return { step, result: () => result };
  });
}
