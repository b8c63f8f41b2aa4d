/** 2-16-16-1 tanh network, batch of 100, mean squared error, gradient descent, f32. */
import { meanSquaredError, mlp, sgd } from '../../src/index.ts';
import { trainingStep, waves, type Workload } from '../workload.ts';

export function tinyMlp(): Workload {
  const model = mlp([2, 16, 16, 1], { activation: 'tanh' });
  const spec = trainingStep(model, sgd({ learningRate: 0.01 }), (graph, apply) => {
    const x = graph.input('x', { shape: [100, 2], value: waves(200, 1) });
    const y = graph.input('y', { shape: [100, 1], value: waves(100, 2) });
    return meanSquaredError(apply(x), y);
  });
  return { name: 'tiny-mlp', spec, precision: 'f32' };
}
