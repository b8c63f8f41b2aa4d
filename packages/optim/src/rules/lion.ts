/** Lion: steps of one length in the direction of the sign of a momentum. */
import { sign } from '@ad/graph';
import { checkNames } from '../options.ts';
import { average, betasOption, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { shrunk, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link lion}. */
export interface LionOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.0001. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1$ of the direction and $\beta_2$ of the momentum, each in [0, 1). Default [0.9, 0.99]. */
  readonly betas?: readonly [number, number];
  /** The weight decay $\lambda \ge 0$. Default 0.001. */
  readonly weightDecay?: WeightDecay;
}

/**
 * Lion. With the gradient $g$ of the batch at $x$:
 *
 * $$c = \beta_1 m + (1 - \beta_1) g, \quad x \leftarrow x - \alpha (\operatorname{sign} c + \lambda x), \quad m \leftarrow \beta_2 m + (1 - \beta_2) g$$
 *
 * With $\operatorname{sign} 0 = 0$; every other element moves by exactly $\alpha$ when there is no decay, so rates are
 * about a tenth of those of {@link adamW}. Equations and defaults are optax's; the decay is decoupled. (PyTorch does
 * not have the rule.)
 *
 * The state holds `momentum` $m$, and `step` if the rate depends on it.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.
 * @example
 * ```ts
 * import { lion } from '@ad/optim';
 *
 * Object.keys(lion().init({ w: 0.5 })); // => ['momentum']
 * ```
 */
export function lion(options: LionOptions = {}): Optimizer {
  checkNames('lion', options, ['learningRate', 'betas', 'weightDecay']);
  const learningRate = learningRateOption('lion', options.learningRate, 1e-4);
  const [beta1, beta2] = betasOption('lion', options.betas, [0.9, 0.99]);
  const decayOf = weightDecayOption('lion', options.weightDecay, 1e-3);

  return optimizerOf<'momentum'>({
    name: 'lion',
    slots: ['momentum'],
    counts: false,
    learningRate,
    begin:
      ({ rate }) =>
      (x, g, slots, path) => ({
        parameter: shrunk(x, rate, decayOf(path)).sub(
          rate.mul(sign(average(slots.momentum, g, beta1))),
        ),
        slots: { momentum: remembered(average(slots.momentum, g, beta2)) },
      }),
  });
}
