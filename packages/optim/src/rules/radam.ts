/** RAdam: Adam that waits until the variance of its steps is known. */
import { greater, where } from '@ad/graph';
import { booleanOption, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, betasOption, bias, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { decayed, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link radam}. */
export interface RAdamOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.001. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1, \beta_2$ of the moving averages, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** What is added to the root, $\epsilon \ge 0$. Default $10^{-8}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
  /** Shrink the parameters by $1 - \alpha\lambda$ instead of adding the penalty to the gradient. Default false. */
  readonly decoupledDecay?: boolean;
}

/**
 * Rectified Adam. With the averages $m_t, v_t$ of {@link adam}, $\hat m_t = m_t / (1 - \beta_1^t)$,
 * $\rho_\infty = 2 / (1 - \beta_2) - 1$ and $\rho_t = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)$:
 *
 * $$x \leftarrow x - \alpha \hat m_t \frac{\sqrt{1 - \beta_2^t}}{\sqrt{v_t} + \epsilon} \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}} \text{ if } \rho_t > 5, \qquad x \leftarrow x - \alpha \hat m_t \text{ else}$$
 *
 * Equations and defaults are PyTorch's. With $\beta_2 \le 2/3$ the variance is never known and all steps are those of
 * momentum.
 *
 * The state holds `step`, `first` $m$ and `second` $v$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: L. Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020.
 * @example
 * ```ts
 * import { radam } from '@ad/optim';
 *
 * Object.keys(radam().init({ w: 0.5 })); // => ['step', 'first', 'second']
 * ```
 */
export function radam(options: RAdamOptions = {}): Optimizer {
  checkNames('radam', options, [
    'learningRate',
    'betas',
    'epsilon',
    'weightDecay',
    'decoupledDecay',
  ]);
  const learningRate = learningRateOption('radam', options.learningRate, 1e-3);
  const [beta1, beta2] = betasOption('radam', options.betas, [0.9, 0.999]);
  const epsilon = numberOption('radam', 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
  const decayOf = weightDecayOption('radam', options.weightDecay, 0);
  const decoupled = booleanOption('radam', 'decoupledDecay', options.decoupledDecay, false);
  const limit = 2 / (1 - beta2) - 1;

  return optimizerOf<'first' | 'second'>({
    name: 'radam',
    slots: ['first', 'second'],
    counts: true,
    learningRate,
    begin({ graph, step, rate }) {
      const t = step.add(1);
      const stepSize = rate.div(bias(beta1, t));
      const correction = bias(beta2, t);
      const length = t.mul(graph.constant(beta2).pow(t)).mul(-2).div(correction).add(limit);
      const isKnown = greater(length, 5);
      // Where it is not known, the root is of a number that may be negative: it is not looked at.
      const rectification = length
        .sub(4)
        .mul(length.sub(2))
        .mul(limit)
        .div(length.mul((limit - 4) * (limit - 2)))
        .sqrt()
        .mul(correction.sqrt());
      return (x, gradient, slots, path) => {
        const { start, g } = decayed(x, gradient, rate, decayOf(path), decoupled);
        const first = remembered(average(slots.first, g, beta1));
        const second = average(slots.second, g.square(), beta2);
        const plain = stepSize.mul(first);
        const rectified = plain.mul(rectification).div(second.sqrt().add(epsilon));
        return {
          parameter: start.sub(where(isKnown, rectified, plain)),
          slots: { first, second },
        };
      };
    },
  });
}
