/** Losses that are negative logarithms of likelihoods, or compare distributions. */
import {
  add,
  exp,
  type GraphNode,
  greater,
  log,
  maximum,
  mul,
  square,
  strongMul,
  sub,
  where,
  xlogy,
} from '@ad/graph';
import { booleanOption, checkNames, NON_NEGATIVE, numberOption } from '../options.ts';
import { checkSameShape, type LossFunction, type LossOptions, reduce } from './loss.ts';

/** Options of {@link klDivergence}. */
export interface KlDivergenceOptions extends LossOptions {
  /** Whether the targets are logarithms too. Default false. */
  readonly logTargets?: boolean;
}

/**
 * The Kullback-Leibler divergence $\sum_c p_c (\ln p_c - x_c)$ of distributions $p$ from those whose logarithms are
 * predicted, $x_c = \ln q_c$ (such as `logSoftmax` of logits), over the last axis. With $p_c = 0$ a term is 0.
 *
 * PyTorch's `KLDivLoss` with `reduction: 'batchmean'`: here the mean is over the distributions, which makes it the
 * divergence; PyTorch's `mean` is over their elements. `none` gives one number for each distribution.
 *
 * Prediction and targets have the same shape [..., classes].
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Source: S. Kullback, R. A. Leibler, 1951.
 * @example
 * ```ts
 * import { evaluate, Graph, logSoftmax } from '@ad/graph';
 * import { klDivergence } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logarithms = logSoftmax(graph.input('x', { value: [[0, 0]] }));
 * evaluate(klDivergence(logarithms, graph.constant([[1, 0]]))).item(); // ≈ 0.693147
 * ```
 */
export const klDivergence: LossFunction<KlDivergenceOptions> = /* @__PURE__ */ Object.assign(
  (prediction: GraphNode, targets: GraphNode, options: KlDivergenceOptions = {}): GraphNode => {
    const caller = 'klDivergence';
    checkNames(caller, options, ['logTargets', 'reduction']);
    checkSameShape(caller, prediction, targets);
    const isLog = booleanOption(caller, 'logTargets', options.logTargets, false);
    // Classes without probability may have the logarithm -Infinity.
    const terms = isLog
      ? strongMul(exp(targets), sub(targets, prediction))
      : sub(xlogy(targets, targets), strongMul(targets, prediction));
    const axes = prediction.shape.length === 0 ? [] : [-1];
    return reduce(caller, terms.sum({ axes }), options.reduction);
  },
  { targets: 'values' as const },
);

/** Options of {@link poissonNll}. */
export interface PoissonNllOptions extends LossOptions {
  /** Whether the logarithm of the rate is predicted, or the rate. Default true. */
  readonly logInput?: boolean;
  /** Add Stirling's approximation of $\ln t!$ for targets above 1. Default false. */
  readonly full?: boolean;
  /** What is added to a rate before its logarithm is taken, 0 or more. Default $10^{-8}$. */
  readonly epsilon?: number;
}

/**
 * The negative logarithm of the likelihood of counts $t$ under Poisson distributions, up to $\ln t!$: $e^x - t x$ for
 * the logarithm $x$ of the rate, or $x - t \ln(x + \epsilon)$ for the rate. PyTorch's `PoissonNLLLoss`.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { poissonNll } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logarithms = graph.input('x', { value: [0, 0] });
 * evaluate(poissonNll(logarithms, graph.constant([3, 0]))).item(); // => 1
 * ```
 */
export const poissonNll: LossFunction<PoissonNllOptions> = /* @__PURE__ */ Object.assign(
  (prediction: GraphNode, targets: GraphNode, options: PoissonNllOptions = {}): GraphNode => {
    const caller = 'poissonNll';
    checkNames(caller, options, ['logInput', 'full', 'epsilon', 'reduction']);
    checkSameShape(caller, prediction, targets);
    const isLog = booleanOption(caller, 'logInput', options.logInput, true);
    const isFull = booleanOption(caller, 'full', options.full, false);
    const epsilon = numberOption(caller, 'epsilon', options.epsilon, 1e-8, NON_NEGATIVE);
    const losses = isLog
      ? sub(exp(prediction), mul(targets, prediction))
      : sub(prediction, xlogy(targets, add(prediction, epsilon)));
    return reduce(caller, isFull ? add(losses, stirling(targets)) : losses, options.reduction);
  },
  { targets: 'values' as const, range: NON_NEGATIVE },
);

/** $t \ln t - t + \frac12 \ln(2 \pi t)$ for $t > 1$, else 0. */
function stirling(t: GraphNode): GraphNode {
  const isLarge = greater(t, 1);
  const large = where(isLarge, t, 1);
  const terms = add(sub(mul(large, log(large)), large), mul(log(mul(large, 2 * Math.PI)), 0.5));
  return where(isLarge, terms, 0);
}

/** Options of {@link gaussianNll}. */
export interface GaussianNllOptions extends LossOptions {
  /** Add the constant $\frac12 \ln 2 \pi$. Default false. */
  readonly full?: boolean;
  /** The smallest variance, 0 or more. Default $10^{-6}$. */
  readonly epsilon?: number;
}

/**
 * The negative logarithm of the likelihood of targets $t$ under normal distributions with predicted mean $x$ and
 * variance $v$: $\frac12 (\ln v + (x - t)^2 / v)$ with $v$ at least $\epsilon$. PyTorch's `GaussianNLLLoss`, except
 * for the derivative with respect to a variance below $\epsilon$: 0, which is that of the function (PyTorch passes
 * on the derivative at $\epsilon$).
 *
 * For `fit`, make mean and variance of one prediction:
 * `(y, targets) => gaussianNll(mean(y), targets, variance(y))`.
 *
 * @param variance - in the shape of the prediction.
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Source: D. A. Nix, A. S. Weigend, ICNN 1994.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { gaussianNll } from '@ad/optim';
 *
 * const graph = new Graph();
 * const mean = graph.input('mean', { value: [3] });
 * evaluate(gaussianNll(mean, graph.constant([1]), graph.constant([1]))).item(); // => 2
 * ```
 */
export function gaussianNll(
  prediction: GraphNode,
  targets: GraphNode,
  variance: GraphNode,
  options: GaussianNllOptions = {},
): GraphNode {
  const caller = 'gaussianNll';
  checkNames(caller, options, ['full', 'epsilon', 'reduction']);
  checkSameShape(caller, prediction, targets);
  checkSameShape(caller, prediction, variance, 'the variance');
  const isFull = booleanOption(caller, 'full', options.full, false);
  const epsilon = numberOption(caller, 'epsilon', options.epsilon, 1e-6, NON_NEGATIVE);
  const v = maximum(variance, epsilon);
  const losses = mul(add(log(v), square(sub(prediction, targets)).div(v)), 0.5);
  const constant = Math.log(2 * Math.PI) / 2;
  return reduce(caller, isFull ? add(losses, constant) : losses, options.reduction);
}
