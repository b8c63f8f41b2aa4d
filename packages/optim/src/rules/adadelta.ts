/** Adadelta: steps in the units of the parameters, without a rate of their own. */
import { BELOW_ONE, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { penalized, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link adadelta}. */
export interface AdadeltaOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 1. */
  readonly learningRate?: LearningRate;
  /** The coefficient $\rho$ of the moving averages, in [0, 1). Default 0.9. */
  readonly rho?: number;
  /** What is added under the roots, $\epsilon \ge 0$. With 0, nothing ever moves. Default $10^{-6}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
}

/**
 * Adadelta. With the gradient $g$ of the batch at $x$ and $g' = g + \lambda x$:
 *
 * $$v \leftarrow \rho v + (1 - \rho) g'^2, \quad d = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}}\, g', \quad u \leftarrow \rho u + (1 - \rho) d^2, \quad x \leftarrow x - \alpha d$$
 *
 * Equations and defaults are PyTorch's: $\epsilon$ stands inside the roots.
 *
 * The state holds `squares` $v$ and `moves` $u$, and `step` if the rate depends on it.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
 * @example
 * ```ts
 * import { adadelta } from '@ad/optim';
 *
 * Object.keys(adadelta().init({ w: 0.5 })); // => ['squares', 'moves']
 * ```
 */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  checkNames('adadelta', options, ['learningRate', 'rho', 'epsilon', 'weightDecay']);
  const learningRate = learningRateOption('adadelta', options.learningRate, 1);
  const rho = numberOption('adadelta', 'rho', options.rho, 0.9, BELOW_ONE);
  const epsilon = numberOption('adadelta', 'epsilon', options.epsilon, 1e-6, NON_NEGATIVE);
  const decayOf = weightDecayOption('adadelta', options.weightDecay, 0);

  return optimizerOf<'squares' | 'moves'>({
    name: 'adadelta',
    slots: ['squares', 'moves'],
    counts: false,
    learningRate,
    begin:
      ({ rate }) =>
      (x, gradient, slots, path) => {
        const g = penalized(gradient, x, decayOf(path));
        const squares = average(slots.squares, g.square(), rho);
        const scale = slots.moves.add(epsilon).sqrt().div(squares.add(epsilon).sqrt());
        const move = scale.mul(g);
        const moves = average(slots.moves, move.square(), rho);
        return { parameter: x.sub(rate.mul(move)), slots: { squares, moves } };
      },
  });
}
