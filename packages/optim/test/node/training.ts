/** The training of the tests that kill processes: large enough that writing a checkpoint takes a while. */
import { accuracy, adamW, crossEntropy, mlp, moons, type Optimizer } from '@ad/optim';

export const model = mlp([2, 300, 300, 2], { activation: 'tanh' });
export const samples = moons({ samples: 22, seed: 3 });
export const optimizer = (): Optimizer => adamW({ learningRate: 0.01, amsgrad: true });
export const options = {
  loss: crossEntropy,
  metrics: { accuracy },
  batchSize: 5,
  epochs: 3,
  seed: 7,
  keepBest: true,
};
