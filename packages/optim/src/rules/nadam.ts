/** NAdam: Adam with Nesterov's look ahead. */
import type { GraphNode } from '@ad/graph';
import { booleanOption, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { average, betasOption, bias, remembered } from './averages.ts';
import { type LearningRate, learningRateOption } from './learning-rate.ts';
import type { Optimizer } from './optimizer.ts';
import { optimizerOf } from './rule.ts';
import { decayed, type WeightDecay, weightDecayOption } from './weight-decay.ts';

/** Options of {@link nadam}. */
export interface NAdamOptions {
  /** The length $\alpha$ of a step: a number of 0 or more, a schedule, or a function of the step. Default 0.002. */
  readonly learningRate?: LearningRate;
  /** The coefficients $\beta_1, \beta_2$ of the moving averages, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** What is added to the root, $\epsilon \ge 0$. Default $10^{-8}$. */
  readonly epsilon?: number;
  /** The weight decay $\lambda \ge 0$. Default 0. */
  readonly weightDecay?: WeightDecay;
  /** Shrink the parameters by $1 - \alpha\lambda$ instead of adding the penalty to the gradient. Default false. */
  readonly decoupledDecay?: boolean;
  /** How fast $\psi \ge 0$ the momentum approaches $\beta_1$. Default 0.004. */
  readonly momentumDecay?: number;
}

/**
 * NAdam. With the gradient $g$ of the batch at $x$, counting $t$ from 1:
 *
 * $$\mu_t = \beta_1 (1 - \tfrac12 0.96^{t \psi}), \quad m_t = \beta_1 m_{t-1} + (1 - \beta_1) g', \quad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g'^2$$
 * $$\hat m_t = \frac{\mu_{t+1} m_t}{1 - \prod_{i=1}^{t+1} \mu_i} + \frac{(1 - \mu_t) g'}{1 - \prod_{i=1}^t \mu_i}, \qquad x \leftarrow x - \alpha \frac{\hat m_t}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}$$
 *
 * with $g' = g + \lambda x$, or $g' = g$ and first $x \leftarrow (1 - \alpha \lambda) x$ if the decay is decoupled.
 * Equations and defaults are PyTorch's.
 *
 * The state holds `step`, `product` $\prod \mu_i$, `first` $m$ and `second` $v$.
 *
 * @throws `ValueError` when an option is unknown or outside its range.
 * Source: T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.
 * @example
 * ```ts
 * import { nadam } from '@ad/optim';
 *
 * Object.keys(nadam().init({ w: 0.5 })); // => ['step', 'product', 'first', 'second']
 * ```
 */
export function nadam(options: NAdamOptions = {}): Optimizer {
  checkNames('nadam', options, [
    'learningRate',
    'betas',
    'epsilon',
    'weightDecay',
    'decoupledDecay',
    'momentumDecay',
  ]);
  const learningRate = learningRateOption('nadam', options.learningRate, 2e-3);
  const [beta1, beta2] = betasOption('nadam', options.betas, [0.9, 0.999]);
  const epsilon = numberOption('nadam', 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
  const decayOf = weightDecayOption('nadam', options.weightDecay, 0);
  const decoupled = booleanOption('nadam', 'decoupledDecay', options.decoupledDecay, false);
  const psi = numberOption('nadam', 'momentumDecay', options.momentumDecay, 4e-3, NON_NEGATIVE);
  const momentum = (t: GraphNode): GraphNode =>
    t.graph.constant(0.96).pow(t.mul(psi)).mul(-0.5).add(1).mul(beta1);

  return optimizerOf<'first' | 'second'>({
    name: 'nadam',
    slots: ['first', 'second'],
    shared: { product: { start: 1, next: (product, step) => product.mul(momentum(step.add(1))) } },
    counts: true,
    learningRate,
    begin({ step, rate, shared }) {
      const t = step.add(1);
      const [now, next] = [momentum(t), momentum(t.add(1))];
      const product = shared['product']!;
      const ofGradient = rate.mul(now.neg().add(1)).div(product.neg().add(1));
      const ofMomentum = rate.mul(next).div(product.mul(next).neg().add(1));
      const correction = bias(beta2, t);
      return (x, gradient, slots, path) => {
        const { start, g } = decayed(x, gradient, rate, decayOf(path), decoupled);
        const first = remembered(average(slots.first, g, beta1));
        const second = average(slots.second, g.square(), beta2);
        const scale = second.div(correction).sqrt().add(epsilon);
        return {
          parameter: start.sub(ofGradient.mul(g).div(scale)).sub(ofMomentum.mul(first).div(scale)),
          slots: { first, second },
        };
      };
    },
  });
}
