/** Cross entropies: the surprise at what happened, for one of many classes and for yes or no. */
import {
  add,
  equal,
  expandDims,
  type GraphNode,
  logSumExp,
  mul,
  notEqual,
  oneHot,
  softplus,
  strongMul,
  sub,
  sum,
  type Tensor,
  tensor,
  ValueError,
  where,
} from '@ad/graph';
import { checkNames, describeValue, NON_NEGATIVE, numberOption, UP_TO_ONE } from '../options.ts';
import {
  checkLabels,
  checkSameShape,
  type LossFunction,
  type LossOptions,
  reduce,
} from './loss.ts';

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions extends LossOptions {
  /** The share $\epsilon$ of the probability that is spread evenly over all classes, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /** How much each class counts: one number of 0 or more for each. Default 1. */
  readonly classWeights?: readonly number[];
  /** The label of samples that do not count: any integer, such as -100. Default none. */
  readonly ignoreIndex?: number;
}

/**
 * Cross entropy between logits and integer labels, $\ln \sum_j e^{x_j - x_y}$ for the label $y$: the negative
 * logarithm of the probability that the softmax of the logits gives to it, as the mean over the batch. Its gradient
 * is the softmax minus the one-hot label, over the size of the batch.
 *
 * With weights $w$ and smoothing $\epsilon$ among $C$ classes the loss of a sample is, as in PyTorch,
 * $(1 - \epsilon) w_y \ell_y + \frac{\epsilon}{C} \sum_c w_c \ell_c$ with $\ell_c = -\ln \operatorname{softmax}(x)_c$; the mean is
 * the sum over $\sum w_y$, of the samples that count. Not PyTorch's: where no sample counts it is 0 instead of NaN.
 *
 * Exact for logits of any size: the logit of the label is subtracted before exponentials are taken. A class can be
 * excluded by a logit of -Infinity (without smoothing).
 *
 * Logits: [..., classes], real. Labels: [...], integers from 0 to classes - 1; as indices, negative ones count from
 * the back, but `fit` and `evaluateModel` refuse them. The result is a scalar.
 *
 * @throws `KindError` when the labels are not integers, `ShapeError` when the shapes do not fit, `ValueError` when an
 * option is unknown or wrong; `ValueError` at evaluation when a label is out of range.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { crossEntropy } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logits = graph.input('logits', { value: [[0, 0], [1000, 0]] });
 * const labels = graph.input('labels', { kind: 'integer', value: [0, 1] });
 * evaluate(crossEntropy(logits, labels)).item(); // ≈ 500.3466
 * evaluate(crossEntropy(logits, labels, { ignoreIndex: 1 })).item(); // ≈ 0.693147
 * ```
 */
export const crossEntropy: LossFunction<CrossEntropyOptions> = /* @__PURE__ */ Object.assign(
  (logits: GraphNode, labels: GraphNode, options: CrossEntropyOptions = {}): GraphNode => {
    const caller = 'crossEntropy';
    checkLabels(caller, logits, labels);
    const { epsilon, weights, ignoreIndex } = checkOptions(caller, options, logits.shape.at(-1)!);
    const classes = logits.shape.at(-1)!;
    const counts = ignoreIndex === undefined ? null : notEqual(labels, ignoreIndex);
    const hot = oneHot(
      counts === null ? labels : where(counts, labels, integerZero(labels)),
      classes,
    );
    // The strong product, because a class can be excluded by a logit of -Infinity.
    const chosen = strongMul(hot, logits);
    const differences = sub(logits, sum(chosen, { axes: -1, keepDims: true }));
    const surprise = logSumExp(differences, { axes: -1 });
    const weight = weights === null ? null : sum(mul(hot, weights), { axes: -1 });
    let losses = weight === null ? surprise : mul(surprise, weight);
    if (epsilon !== 0) {
      const all = sub(expandDims(surprise, -1), differences);
      const spread = sum(weights === null ? all : mul(all, weights), { axes: -1 });
      losses = add(mul(losses, 1 - epsilon), mul(spread, epsilon / classes));
    }
    if (counts !== null) losses = where(counts, losses, 0);
    if (options.reduction === undefined || options.reduction === 'mean') {
      if (weight === null && counts === null) return reduce(caller, losses);
      const total = sum(counts === null ? weight! : mul(counts, weight ?? 1));
      return sum(losses).div(where(equal(total, 0), 1, total));
    }
    return reduce(caller, losses, options.reduction);
  },
  { targets: 'labels' as const },
);

const integerZero = (labels: GraphNode): GraphNode =>
  labels.graph.constant(tensor(0, { kind: 'integer' }));

function checkOptions(
  caller: string,
  options: CrossEntropyOptions,
  classes: number,
): { epsilon: number; weights: Tensor | null; ignoreIndex: number | undefined } {
  checkNames(caller, options, ['labelSmoothing', 'classWeights', 'ignoreIndex', 'reduction']);
  const { classWeights, ignoreIndex } = options;
  const epsilon = numberOption(caller, 'labelSmoothing', options.labelSmoothing, 0, UP_TO_ONE);
  if (ignoreIndex !== undefined && ignoreIndex !== (ignoreIndex | 0)) {
    throw new ValueError(
      `${caller}: ignoreIndex is ${describeValue(ignoreIndex)}, expected an integer, such as -100`,
    );
  }
  if (classWeights === undefined) return { epsilon, weights: null, ignoreIndex };
  if (!Array.isArray(classWeights) || classWeights.length !== classes) {
    throw new ValueError(
      `${caller}: classWeights is ${describeValue(classWeights)}, expected a list of ${classes}, one for each class`,
    );
  }
  classWeights.forEach((weight, k) =>
    numberOption(caller, `classWeights[${k}]`, weight as number, 0, NON_NEGATIVE),
  );
  return { epsilon, weights: tensor(classWeights), ignoreIndex };
}

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** How much positive targets count, compared with negative ones: a number, or one for each of the last axis. Default 1. */
  readonly positiveWeight?: number | readonly number[];
}

/**
 * Binary cross entropy between logits and targets from 0 to 1:
 * $-p\, t \ln \sigma(x) - (1 - t) \ln(1 - \sigma(x))$ for the logit $x$, the target $t$ and the weight $p$ of
 * positive targets, computed as $p\, t \operatorname{softplus}(-x) + (1 - t) \operatorname{softplus}(x)$: exact for
 * logits of any size. PyTorch's `BCEWithLogitsLoss`.
 *
 * Prediction and targets have the same shape; the targets may be real, integer or boolean. `fit` refuses samples whose
 * targets are not from 0 to 1: there the loss has no least value.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { binaryCrossEntropy } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logits = graph.input('logits', { value: [0, 1000, -1000] });
 * const targets = graph.input('targets', { value: [1, 0, 0] });
 * evaluate(binaryCrossEntropy(logits, targets, { reduction: 'none' })).at(1); // => 1000
 * ```
 */
export const binaryCrossEntropy: LossFunction<BinaryCrossEntropyOptions> =
  /* @__PURE__ */ Object.assign(
    (logits: GraphNode, targets: GraphNode, options: BinaryCrossEntropyOptions = {}): GraphNode => {
      const caller = 'binaryCrossEntropy';
      checkNames(caller, options, ['positiveWeight', 'reduction']);
      checkSameShape(caller, logits, targets);
      const weight = positiveWeight(caller, options.positiveWeight, logits);
      const positive = mul(targets, softplus(logits.neg()));
      const negative = mul(sub(1, targets), softplus(logits));
      const losses = add(weight === 1 ? positive : mul(positive, weight), negative);
      return reduce(caller, losses, options.reduction);
    },
    { targets: 'values' as const, range: UP_TO_ONE },
  );

function positiveWeight(
  caller: string,
  value: number | readonly number[] | undefined,
  logits: GraphNode,
): number | Tensor {
  if (value === undefined || typeof value === 'number') {
    return numberOption(caller, 'positiveWeight', value, 1, NON_NEGATIVE);
  }
  const length = logits.shape.at(-1);
  if (!Array.isArray(value) || value.length !== length) {
    throw new ValueError(
      `${caller}: positiveWeight is ${describeValue(value)}, expected a number or a list of ${length ?? 1}, ` +
        'one for each element of the last axis',
    );
  }
  value.forEach((weight, k) =>
    numberOption(caller, `positiveWeight[${k}]`, weight as number, 1, NON_NEGATIVE),
  );
  return tensor(value);
}
