/** Losses and metrics: functions of a prediction and of what was wanted, as nodes. */
import {
  argMax,
  equal,
  formatShape,
  type GraphNode,
  KindError,
  logSumExp,
  mean,
  oneHot,
  sameShape,
  ShapeError,
  square,
  strongMul,
  sub,
  sum,
} from '@ad/graph';

/** A number that says how good a batch of predictions is; the mean over the samples, to be comparable. */
export type Metric = (prediction: GraphNode, targets: GraphNode) => GraphNode;

/** A metric that is small for good predictions and is differentiated. */
export type Loss = Metric & {
  /**
   * What the targets are: `labels` are integers from 0 to the length of the prediction's last axis (not included),
   * and are checked to be; `values` are real numbers. Default: as given.
   */
  readonly targets?: 'labels' | 'values';
};

/** Labels are integers, one for each row of the prediction. */
function checkLabels(caller: string, logits: GraphNode, labels: GraphNode): void {
  if (labels.kind !== 'integer') {
    throw new KindError(
      `${caller}: the labels are ${labels.kind}, expected integers; make them with tensor(labels, { kind: 'integer' })`,
    );
  }
  if (logits.shape.length === 0 || !sameShape(logits.shape.slice(0, -1), labels.shape)) {
    throw new ShapeError(
      `${caller}: logits of shape [..., classes] go with labels of shape [...], got ${formatShape(logits.shape)} ` +
        `and ${formatShape(labels.shape)}`,
    );
  }
}

/**
 * Cross entropy between logits and integer labels, $\ln \sum_j e^{x_j - x_y}$ for the label $y$: the negative
 * logarithm of the probability that the softmax of the logits gives to it, as the mean over the batch. Its gradient
 * is the softmax minus the one-hot label, over the size of the batch.
 *
 * Exact for logits of any size: the logit of the label is subtracted before exponentials are taken. A class can be
 * excluded by a logit of -Infinity.
 *
 * Logits: [..., classes], real. Labels: [...], integers from 0 to classes - 1; as indices, negative ones count from
 * the back, but `fit` and `evaluateModel` refuse them. The result is a scalar.
 *
 * @throws `KindError` when the labels are not integers, `ShapeError` when the shapes do not fit;
 * `ValueError` at evaluation when a label is out of range.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { crossEntropy } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logits = graph.input('logits', { value: [[0, 0], [1000, 0]] });
 * const labels = graph.input('labels', { kind: 'integer', value: [0, 1] });
 * evaluate(crossEntropy(logits, labels)).item(); // ≈ 500.3466
 * ```
 */
export const crossEntropy: Loss = /* @__PURE__ */ Object.assign(
  (logits: GraphNode, labels: GraphNode): GraphNode => {
    checkLabels('crossEntropy', logits, labels);
    // The strong product, because a class can be excluded by a logit of -Infinity.
    const chosen = strongMul(oneHot(labels, logits.shape.at(-1)!), logits);
    const differences = sub(logits, sum(chosen, { axes: -1, keepDims: true }));
    return mean(logSumExp(differences, { axes: -1 }));
  },
  { targets: 'labels' as const },
);

/**
 * Mean of the squared differences of all elements.
 *
 * Prediction and targets have the same shape: nothing is broadcast, because `[n, 1]` and `[n]` would silently
 * become `[n, n]`. The result is a scalar.
 *
 * @throws `ShapeError` when the shapes differ.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { meanSquaredError } from '@ad/optim';
 *
 * const graph = new Graph();
 * const prediction = graph.input('prediction', { value: [1, 2] });
 * const target = graph.input('target', { value: [1, 4] });
 * evaluate(meanSquaredError(prediction, target)).item(); // => 2
 * ```
 */
export const meanSquaredError: Loss = /* @__PURE__ */ Object.assign(
  (prediction: GraphNode, targets: GraphNode): GraphNode => {
    if (!sameShape(prediction.shape, targets.shape)) {
      throw new ShapeError(
        `meanSquaredError: the prediction has shape ${formatShape(prediction.shape)}, the targets ` +
          `${formatShape(targets.shape)}; reshape one to the shape of the other`,
      );
    }
    return mean(square(sub(prediction, targets)));
  },
  { targets: 'values' as const },
);

/**
 * The share of samples whose largest logit is that of the label, from 0 to 1. Of several largest the first counts.
 *
 * Logits: [..., classes], real. Labels: [...], integers. The result is a scalar.
 *
 * @throws `KindError` when the labels are not integers, `ShapeError` when the shapes do not fit.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { accuracy } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logits = graph.input('logits', { value: [[3, 1], [2, 0]] });
 * const labels = graph.input('labels', { kind: 'integer', value: [0, 1] });
 * evaluate(accuracy(logits, labels)).item(); // => 0.5
 * ```
 */
export function accuracy(logits: GraphNode, labels: GraphNode): GraphNode {
  checkLabels('accuracy', logits, labels);
  return mean(equal(argMax(logits), labels));
}
