/** 784-128-64-10 relu network, batch of 64, softmax cross entropy, Adam. */
import type { Precision } from '@ad/compiler';
import { adam, crossEntropy, mlp } from '../../src/index.ts';
import { trainingStep, waves, type Workload } from '../workload.ts';

export function mlpStep(precision: Precision): Workload {
  const model = mlp([784, 128, 64, 10]);
  const spec = trainingStep(model, adam(), (graph, apply) => {
    const x = graph.input('x', { shape: [64, 784], value: waves(64 * 784, 1) });
    const labels = Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 10);
    return crossEntropy(apply(x), graph.input('labels', { value: labels }));
  });
  return { name: precision === 'f32' ? 'mlp' : 'mlp-f64', spec, precision };
}
