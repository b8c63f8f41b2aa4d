/** Adam and AdamW: steps scaled by moving averages of the gradient and of its square. */
import { maximum } from '@ad/graph';
import { booleanOption, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, betasOption, bias, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { decayed, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.001. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1, \beta_2$ of the moving averages, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** What is added to the root, $\epsilon \ge 0$. With 0, a gradient that is exactly 0 gives NaN. Default $10^{-8}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0 for {@link adam}, 0.01 for {@link adamW}. */
  readonly weightDecay?: WeightDecay;
  /** Divide by the largest second moment so far (AMSGrad). Default false. */
  readonly amsgrad?: boolean;
}

/**
 * Adam. With the gradient $g$ of the batch at $x$, counting $t$ from 1:
 *
 * $$g' = g + \lambda x, \quad m_t = \beta_1 m_{t-1} + (1 - \beta_1) g', \quad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g'^2$$
 * $$x \leftarrow x - \frac{\alpha}{1 - \beta_1^t} \cdot \frac{m_t}{\sqrt{v_t} / \sqrt{1 - \beta_2^t} + \epsilon}$$
 *
 * With `amsgrad` the largest $v_1, \dots, v_t$ takes the place of $v_t$ in the root. Equations and defaults are
 * PyTorch's: $\epsilon$ stands outside the root and the bias is corrected before it is added; weight decay is the
 * gradient of a penalty, and is scaled like the rest ({@link adamW} does not). The paper's simplified form, which
 * scales $\epsilon$ with the correction, differs.
 *
 * The state holds `step`, `first` $m$, `second` $v$, and `largest` with `amsgrad`.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Sources: D. P. Kingma, J. Ba, ICLR 2015; S. J. Reddi, S. Kale, S. Kumar, ICLR 2018.
 * @example
 * ```ts
 * import { adam } from '@ad/optim';
 *
 * Object.keys(adam({ learningRate: 0.01 }).init({ w: 0.5 })); // => ['step', 'first', 'second']
 * adam({ betas: [0.9, 1] }); // throws /betas\[1\] is 1, expected a number from 0 up to but not including 1/
 * ```
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adaptive('adam', options, 0);
}

/**
 * Adam with decoupled weight decay: first $x \leftarrow (1 - \alpha \lambda) x$, then the step of {@link adam}
 * with the gradient alone.
 *
 * Equations and defaults are PyTorch's, with $\lambda = 0.01$ (optax: 0.0001).
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: I. Loshchilov, F. Hutter, ICLR 2019.
 * @example
 * ```ts
 * import { adamW } from '@ad/optim';
 *
 * adamW({ learningRate: 0.01, weightDecay: 0.1 }).name; // => 'adamW'
 * ```
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adaptive('adamW', options, 1e-2);
}

function adaptive(name: 'adam' | 'adamW', options: AdamOptions, defaultDecay: number): Optimizer {
  checkNames(name, options, ['learningRate', 'betas', 'epsilon', 'weightDecay', 'amsgrad']);
  const learningRate = learningRateOption(name, options.learningRate, 1e-3);
  const [beta1, beta2] = betasOption(name, options.betas, [0.9, 0.999]);
  const epsilon = numberOption(name, 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
  const decayOf = weightDecayOption(name, options.weightDecay, defaultDecay);
  const amsgrad = booleanOption(name, 'amsgrad', options.amsgrad, false);
  const decoupled = name === 'adamW';

  return optimizerOf<'first' | 'second' | 'largest'>({
    name,
    slots: amsgrad ? ['first', 'second', 'largest'] : ['first', 'second'],
    counts: true,
    learningRate,
    begin({ step, rate }) {
      const t = step.add(1);
      // Both corrections are made to numbers rather than to every element of the moments.
      const rootCorrection = bias(beta2, t).sqrt();
      const stepSize = rate.div(bias(beta1, t)).mul(rootCorrection);
      const floor = rootCorrection.mul(epsilon);
      return (x, gradient, slots, path) => {
        const { start, g } = decayed(x, gradient, rate, decayOf(path), decoupled);
        const first = remembered(average(slots.first, g, beta1));
        const second = average(slots.second, g.square(), beta2);
        const largest = amsgrad ? maximum(slots.largest, second) : second;
        const scale = largest.sqrt().add(floor);
        return {
          parameter: start.sub(stepSize.mul(first).div(scale)),
          slots: { first, second, largest },
        };
      };
    },
  });
}
