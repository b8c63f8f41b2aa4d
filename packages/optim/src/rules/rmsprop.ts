/** RMSProp: steps scaled by a moving average of the squared gradient. */
import { maximum } from '@ad/graph';
import { BELOW_ONE, booleanOption, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { penalized, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.01. */
  readonly learningRate?: LearningRate;
  /** The coefficient $\rho$ of the moving averages, in [0, 1). Default 0.99. */
  readonly rho?: number;
  /** What is added to the root, $\epsilon \ge 0$. With 0, a gradient that has always been 0 gives NaN. Default $10^{-8}$. */
  readonly epsilon?: number;
  /** How much $\mu$ of the last direction is kept, in [0, 1). Default 0. */
  readonly momentum?: number;
  /** Scale by the deviation of the gradient from its average instead of its size. Default false. */
  readonly centered?: boolean;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
}

/**
 * RMSProp. With the gradient $g$ of the batch at $x$ and $g' = g + \lambda x$:
 *
 * $$v \leftarrow \rho v + (1 - \rho) g'^2, \quad b \leftarrow \mu b + \frac{g'}{\sqrt v + \epsilon}, \quad x \leftarrow x - \alpha b$$
 *
 * Centered, $v - m^2$ stands in the place of $v$ in the root, with $m \leftarrow \rho m + (1 - \rho) g'$. Equations and
 * defaults are PyTorch's: $\epsilon$ stands outside the root, the rate outside the momentum, and the averages begin at
 * 0. Not PyTorch's: where rounding makes $v - m^2$ negative it is taken for 0 (PyTorch: NaN), and `momentum` must be
 * below 1.
 *
 * The state holds `squares` $v$, `mean` $m$ if centered, `momentum` $b$ if there is momentum, and `step` if the rate
 * depends on it.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Sources: T. Tieleman, G. Hinton, lecture 6.5 of "Neural networks for machine learning", 2012; centered: A. Graves,
 * "Generating sequences with recurrent neural networks", 2013.
 * @example
 * ```ts
 * import { rmsprop } from '@ad/optim';
 *
 * Object.keys(rmsprop({ momentum: 0.9 }).init({ w: 0.5 })); // => ['squares', 'momentum']
 * ```
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkNames('rmsprop', options, [
    'learningRate',
    'rho',
    'epsilon',
    'momentum',
    'centered',
    'weightDecay',
  ]);
  const learningRate = learningRateOption('rmsprop', options.learningRate, 1e-2);
  const rho = numberOption('rmsprop', 'rho', options.rho, 0.99, BELOW_ONE);
  const epsilon = numberOption('rmsprop', 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
  const momentum = numberOption('rmsprop', 'momentum', options.momentum, 0, BELOW_ONE);
  const centered = booleanOption('rmsprop', 'centered', options.centered, false);
  const decayOf = weightDecayOption('rmsprop', options.weightDecay, 0);

  return optimizerOf<'squares' | 'mean' | 'momentum'>({
    name: 'rmsprop',
    slots: [
      'squares',
      ...(centered ? (['mean'] as const) : []),
      ...(momentum === 0 ? [] : (['momentum'] as const)),
    ],
    counts: false,
    learningRate,
    begin:
      ({ rate }) =>
      (x, gradient, slots, path) => {
        const g = penalized(gradient, x, decayOf(path));
        const squares = average(slots.squares, g.square(), rho);
        const mean = centered ? remembered(average(slots.mean, g, rho)) : slots.mean;
        const spread = centered ? maximum(squares.sub(mean.square()), 0) : squares;
        const scaled = g.div(spread.sqrt().add(epsilon));
        const direction =
          momentum === 0 ? scaled : remembered(slots.momentum.mul(momentum).add(scaled));
        return {
          parameter: x.sub(rate.mul(direction)),
          slots: { squares, mean, momentum: direction },
        };
      },
  });
}
