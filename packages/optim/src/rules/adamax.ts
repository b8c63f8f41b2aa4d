/** Adamax: Adam with the largest gradient in the place of the mean square. */
import { maximum } from '@ad/graph';
import { checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, betasOption, bias, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { penalized, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link adamax}. */
export interface AdamaxOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.002. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1, \beta_2$ of the averages, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** What is added to the size of the gradient, $\epsilon \ge 0$. With 0, a gradient that has always been 0 gives NaN. Default $10^{-8}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
}

/**
 * Adamax. With the gradient $g$ of the batch at $x$ and $g' = g + \lambda x$, counting $t$ from 1:
 *
 * $$m_t = \beta_1 m_{t-1} + (1 - \beta_1) g', \quad u_t = \max(\beta_2 u_{t-1}, |g'| + \epsilon), \quad x \leftarrow x - \frac{\alpha}{1 - \beta_1^t} \cdot \frac{m_t}{u_t}$$
 *
 * Equations and defaults are PyTorch's; the paper has no $\epsilon$.
 *
 * The state holds `step`, `first` $m$ and `largest` $u$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: D. P. Kingma, J. Ba, ICLR 2015.
 * @example
 * ```ts
 * import { adamax } from '@ad/optim';
 *
 * Object.keys(adamax().init({ w: 0.5 })); // => ['step', 'first', 'largest']
 * ```
 */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  checkNames('adamax', options, ['learningRate', 'betas', 'epsilon', 'weightDecay']);
  const learningRate = learningRateOption('adamax', options.learningRate, 2e-3);
  const [beta1, beta2] = betasOption('adamax', options.betas, [0.9, 0.999]);
  const epsilon = numberOption('adamax', 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
  const decayOf = weightDecayOption('adamax', options.weightDecay, 0);

  return optimizerOf<'first' | 'largest'>({
    name: 'adamax',
    slots: ['first', 'largest'],
    counts: true,
    learningRate,
    begin({ step, rate }) {
      const stepSize = rate.div(bias(beta1, step.add(1)));
      return (x, gradient, slots, path) => {
        const g = penalized(gradient, x, decayOf(path));
        const first = remembered(average(slots.first, g, beta1));
        const largest = maximum(slots.largest.mul(beta2), g.abs().add(epsilon));
        return { parameter: x.sub(stepSize.mul(first).div(largest)), slots: { first, largest } };
      };
    },
  });
}
