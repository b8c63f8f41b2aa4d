/** LAMB: the steps of Adam, as long in each parameter as the parameter itself allows. */
import { equal, norm, or, where } from '@ad/graph';
import { checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, betasOption, bias, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { penalized, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link lamb}. */
export interface LambOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.001. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1, \beta_2$ of the moving averages, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** What is added to the root, $\epsilon \ge 0$. With 0, a gradient that is exactly 0 gives NaN. Default $10^{-6}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
}

/**
 * LAMB. With the averages $m_t, v_t$ of {@link adam}, for each parameter (a tensor) $x$:
 *
 * $$r = \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon} + \lambda x, \qquad x \leftarrow x - \alpha \frac{\|x\|}{\|r\|} r$$
 *
 * where the ratio is 1 if either norm is 0: a parameter that starts at 0 moves. Equations and defaults are optax's,
 * with the identity for the function $\phi$ of the paper. (PyTorch does not have the rule.)
 *
 * The state holds `step`, `first` $m$ and `second` $v$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: Y. You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020.
 * @example
 * ```ts
 * import { lamb } from '@ad/optim';
 *
 * Object.keys(lamb().init({ w: 0.5 })); // => ['step', 'first', 'second']
 * ```
 */
export function lamb(options: LambOptions = {}): Optimizer {
  checkNames('lamb', options, ['learningRate', 'betas', 'epsilon', 'weightDecay']);
  const learningRate = learningRateOption('lamb', options.learningRate, 1e-3);
  const [beta1, beta2] = betasOption('lamb', options.betas, [0.9, 0.999]);
  const epsilon = numberOption('lamb', 'epsilon', options.epsilon, 1e-6, NON_NEGATIVE);
  const decayOf = weightDecayOption('lamb', options.weightDecay, 0);

  return optimizerOf<'first' | 'second'>({
    name: 'lamb',
    slots: ['first', 'second'],
    counts: true,
    learningRate,
    begin({ step, rate }) {
      const t = step.add(1);
      const [correction1, correction2] = [bias(beta1, t), bias(beta2, t)];
      return (x, g, slots, path) => {
        const first = remembered(average(slots.first, g, beta1));
        const second = average(slots.second, g.square(), beta2);
        const scale = second.div(correction2).sqrt().add(epsilon);
        const direction = penalized(first.div(correction1).div(scale), x, decayOf(path));
        const [size, length] = [norm(x), norm(direction)];
        const isZero = or(equal(size, 0), equal(length, 0));
        const ratio = where(isZero, 1, size.div(where(isZero, 1, length)));
        return { parameter: x.sub(rate.mul(ratio).mul(direction)), slots: { first, second } };
      };
    },
  });
}
