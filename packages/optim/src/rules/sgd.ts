/** Stochastic gradient descent, with momentum in Polyak's or Nesterov's form. */
import { equal, ValueError, where } from '@ad/graph';
import { BELOW_ONE, booleanOption, checkNames, numberOption, UP_TO_ONE } from '../options.ts';
import { remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { decayed, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.001. */
  readonly learningRate?: LearningRate;
  /** How much $\mu$ of the last direction is kept, in [0, 1). Default 0: plain gradient descent. */
  readonly momentum?: number;
  /** How much $\tau$ of the gradient is held back from the momentum, in [0, 1]. Default 0. */
  readonly dampening?: number;
  /** Look ahead along the momentum (Nesterov). Default false. */
  readonly nesterov?: boolean;
  /** The weight $\lambda$ of a penalty $\frac{\lambda}{2} |x|^2$, whose gradient is added. Default 0. */
  readonly weightDecay?: WeightDecay;
  /** Shrink the parameters by $1 - \alpha\lambda$ instead of adding the penalty to the gradient. Default false. */
  readonly decoupledDecay?: boolean;
}

/**
 * Gradient descent. With the gradient $g$ of the batch at $x$:
 *
 * $$g' = g + \lambda x, \quad b_t = \mu b_{t-1} + (1 - \tau) g', \quad b_1 = g'$$
 * $$d = b_t \text{, or } g' + \mu b_t \text{ with Nesterov}, \qquad x \leftarrow x - \alpha d$$
 *
 * With a constant rate and $\tau = 0$ the momentum is Polyak's heavy ball
 * $x_{t+1} = x_t - \alpha g + \mu (x_t - x_{t-1})$. The Nesterov form is that of two lines,
 * $x_{t+1} = y_t - \alpha \nabla f(y_t)$, $y_{t+1} = x_{t+1} + \mu (x_{t+1} - x_t)$, of which the parameter is $y$.
 *
 * The equations and the default rate are PyTorch's, including that dampening is skipped at the first step. Not
 * PyTorch's: `momentum` must be below 1, `dampening` in [0, 1] and only with momentum; decay can be decoupled,
 * $x \leftarrow (1 - \alpha \lambda) x - \alpha d$ with $g' = g$.
 *
 * The state holds `momentum` $b$ if there is momentum, and `step` if the rule needs it.
 *
 * @throws `ValueError` when an option is unknown or outside its range, for `nesterov` without momentum or with
 * dampening, and for `dampening` without momentum.
 * Sources: B. T. Polyak, 1964; Yu. Nesterov, 1983; I. Sutskever et al., ICML 2013; decoupled decay: I. Loshchilov,
 * F. Hutter, ICLR 2019.
 * @example
 * ```ts
 * import { sgd } from '@ad/optim';
 *
 * sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }).name; // => 'sgd'
 * sgd({ learningRate: -1 }); // throws /learningRate is -1, expected a finite number of 0 or more/
 * ```
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkNames('sgd', options, [
    'learningRate',
    'momentum',
    'dampening',
    'nesterov',
    'weightDecay',
    'decoupledDecay',
  ]);
  const learningRate = learningRateOption('sgd', options.learningRate, 1e-3);
  const momentum = numberOption('sgd', 'momentum', options.momentum, 0, BELOW_ONE);
  const dampening = numberOption('sgd', 'dampening', options.dampening, 0, UP_TO_ONE);
  const nesterov = booleanOption('sgd', 'nesterov', options.nesterov, false);
  const decayOf = weightDecayOption('sgd', options.weightDecay, 0);
  const decoupled = booleanOption('sgd', 'decoupledDecay', options.decoupledDecay, false);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new ValueError(
      `sgd: nesterov needs a momentum above 0 and no dampening, got momentum ${momentum} and dampening ${dampening}`,
    );
  }
  if (dampening !== 0 && momentum === 0) {
    throw new ValueError(
      `sgd: dampening is ${dampening}, but there is no momentum to dampen; give a momentum above 0`,
    );
  }

  return optimizerOf<'momentum'>({
    name: 'sgd',
    slots: momentum === 0 ? [] : ['momentum'],
    counts: dampening !== 0,
    learningRate,
    begin({ step, rate }) {
      const isFirst = dampening === 0 ? null : equal(step, 0);
      return (x, gradient, slots, path) => {
        const { start, g } = decayed(x, gradient, rate, decayOf(path), decoupled);
        if (momentum === 0) return { parameter: start.sub(rate.mul(g)), slots };
        // The momentum is 0 before the first step, so without dampening the first one needs no exception.
        const kept = slots.momentum.mul(momentum);
        const b = remembered(
          isFirst === null ? kept.add(g) : where(isFirst, g, kept.add(g.mul(1 - dampening))),
        );
        const direction = nesterov ? g.add(b.mul(momentum)) : b;
        return { parameter: start.sub(rate.mul(direction)), slots: { momentum: b } };
      };
    },
  });
}
