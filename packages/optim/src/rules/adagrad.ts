/** Adagrad: steps scaled by the root of the sum of all squared gradients. */
import { checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { penalized, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link adagrad}. */
export interface AdagradOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.01. */
  readonly learningRate?: LearningRate;
  /** How the rate decays, $\eta \ge 0$: as $1 / (1 + \eta t)$ after $t$ steps. Default 0. */
  readonly rateDecay?: number;
  /** The sum at first, 0 or more. Default 0. */
  readonly initialSum?: number;
  /** What is added to the root, $\epsilon \ge 0$. With 0, a gradient that has always been 0 gives NaN. Default $10^{-10}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
}

/**
 * Adagrad. With the gradient $g$ of the batch at $x$ and $g' = g + \lambda x$, after $t$ steps:
 *
 * $$s \leftarrow s + g'^2, \qquad x \leftarrow x - \frac{\alpha}{1 + \eta t} \cdot \frac{g'}{\sqrt s + \epsilon}$$
 *
 * Equations and defaults are PyTorch's: $\epsilon$ stands outside the root and the sum begins at 0 (optax: inside, 0.1).
 *
 * The state holds `sum` $s$, and `step` if the rule needs it.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: J. Duchi, E. Hazan, Y. Singer, JMLR 12, 2011.
 * @example
 * ```ts
 * import { adagrad } from '@ad/optim';
 *
 * Object.keys(adagrad().init({ w: 0.5 })); // => ['sum']
 * ```
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkNames('adagrad', options, [
    'learningRate',
    'rateDecay',
    'initialSum',
    'epsilon',
    'weightDecay',
  ]);
  const learningRate = learningRateOption('adagrad', options.learningRate, 1e-2);
  const rateDecay = numberOption('adagrad', 'rateDecay', options.rateDecay, 0, NON_NEGATIVE);
  const start = numberOption('adagrad', 'initialSum', options.initialSum, 0, NON_NEGATIVE);
  const epsilon = numberOption('adagrad', 'epsilon', options.epsilon, 1e-10, NON_NEGATIVE);
  const decayOf = weightDecayOption('adagrad', options.weightDecay, 0);

  return optimizerOf<'sum'>({
    name: 'adagrad',
    slots: ['sum'],
    starts: { sum: start },
    counts: rateDecay !== 0,
    learningRate,
    begin({ step, rate }) {
      const stepSize = rateDecay === 0 ? rate : rate.div(step.mul(rateDecay).add(1));
      return (x, gradient, slots, path) => {
        const g = penalized(gradient, x, decayOf(path));
        const sum = slots.sum.add(g.square());
        return { parameter: x.sub(stepSize.mul(g).div(sum.sqrt().add(epsilon))), slots: { sum } };
      };
    },
  });
}
