/** Shares of right answers, as nodes: numbers that `fit` reports beside the loss. */
import { any, argMax, equal, expandDims, type GraphNode, mean, topK, ValueError } from '@ad/graph';
import { checkLabels, type Metric } from '../losses/loss.ts';
import { describeValue } from '../options.ts';

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

/**
 * The share of samples whose label is among the `k` largest logits, as a metric. Of equal logits the first count.
 *
 * @param k - an integer of 1 or more, at most the number of classes.
 * @throws `ValueError` when `k` is not a positive integer; the metric throws as {@link accuracy}, and `ValueError`
 * when there are fewer than `k` classes.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { topKAccuracy } from '@ad/optim';
 *
 * const graph = new Graph();
 * const logits = graph.input('logits', { value: [[3, 1, 2], [3, 1, 2]] });
 * const labels = graph.input('labels', { kind: 'integer', value: [2, 1] });
 * evaluate(topKAccuracy(2)(logits, labels)).item(); // => 0.5
 * ```
 */
export function topKAccuracy(k: number): Metric {
  if (!Number.isSafeInteger(k) || k < 1) {
    throw new ValueError(
      `topKAccuracy: k is ${describeValue(k)}, expected an integer of 1 or more`,
    );
  }
  return (logits, labels) => {
    checkLabels('topKAccuracy', logits, labels);
    const { indices } = topK(logits, k);
    return mean(any(equal(indices, expandDims(labels, -1)), { axes: -1 }));
  };
}
