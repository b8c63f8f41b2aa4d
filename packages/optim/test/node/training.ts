/**
 * The training of the tests that kill processes: everything that has state, and weights enough that writing a checkpoint
 * takes a while.
 */
import {
  accumulated,
  accuracy,
  averaged,
  batchNorm,
  crossEntropy,
  dense,
  dropout,
  moons,
  onPlateau,
  type Optimizer,
  sequential,
  sgd,
} from '@ad/optim';

export const model = sequential([
  dense(2, 200, { activation: 'tanh' }),
  batchNorm(200),
  dropout(0.2),
  dense(200, 200, { activation: 'tanh' }),
  dense(200, 2),
]);
export const samples = moons({ samples: 22, seed: 3 });
export const optimizer = (): Optimizer =>
  accumulated(
    averaged(
      sgd({ momentum: 0.9, learningRate: onPlateau({ rate: 0.1, patience: 0, threshold: 0.5 }) }),
      0.9,
    ),
    2,
  );
export const options = {
  loss: crossEntropy,
  metrics: { accuracy },
  batchSize: 5,
  epochs: 4,
  seed: 7,
  validation: moons({ samples: 10, seed: 4 }),
  earlyStopping: { patience: 3 },
  keepBest: true,
};
