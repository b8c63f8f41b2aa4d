/** Losses of embeddings: what belongs together is to be near, the rest far. */
import {
  add,
  equal,
  formatShape,
  type GraphNode,
  maximum,
  minimum,
  mul,
  norm,
  sameShape,
  ShapeError,
  sqrt,
  square,
  sub,
  sum,
  ValueError,
  where,
} from '@ad/graph';
import {
  booleanOption,
  checkNames,
  describeValue,
  NON_NEGATIVE,
  numberOption,
} from '../options.ts';
import { checkSameShape, type LossOptions, reduce } from './loss.ts';

/** Options of {@link cosineEmbedding}. */
export interface CosineEmbeddingOptions extends LossOptions {
  /** The cosine up to which embeddings that do not belong together cost nothing, from -1 to 1. Default 0. */
  readonly margin?: number;
}

/**
 * The loss of pairs of vectors by the cosine $c$ of their angle: $1 - c$ for pairs that belong together (target 1), and
 * $\max(0, c - m)$ for those that do not (target -1). PyTorch's `CosineEmbeddingLoss`: $10^{-12}$ is added to the
 * squared lengths, so that the cosine with a vector of zeros is 0.
 *
 * Vectors: [..., size], of the same shape. Targets: [...].
 *
 * @throws `ShapeError` when the shapes do not fit, `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { cosineEmbedding } from '@ad/optim';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { value: [[1, 0], [1, 0]] });
 * const y = graph.input('y', { value: [[0, 2], [3, 0]] });
 * const losses = cosineEmbedding(x, y, graph.constant([1, -1]), { reduction: 'none' });
 * evaluate(losses).at(1); // ≈ 1.000000
 * ```
 */
export function cosineEmbedding(
  x: GraphNode,
  y: GraphNode,
  targets: GraphNode,
  options: CosineEmbeddingOptions = {},
): GraphNode {
  const caller = 'cosineEmbedding';
  checkNames(caller, options, ['margin', 'reduction']);
  const margin = numberOption(caller, 'margin', options.margin, 0, {
    words: 'a number from -1 to 1',
    holds: (m) => m >= -1 && m <= 1,
  });
  checkVectors(caller, x, y);
  if (!sameShape(x.shape.slice(0, -1), targets.shape)) {
    throw new ShapeError(
      `${caller}: vectors of shape ${formatShape(x.shape)} go with targets of shape ` +
        `${formatShape(x.shape.slice(0, -1))}, got ${formatShape(targets.shape)}`,
    );
  }
  const axes = -1;
  const [xx, yy] = [x, y].map((v) => add(sum(square(v), { axes }), 1e-12));
  const cosine = sum(mul(x, y), { axes }).div(sqrt(mul(xx!, yy!)));
  const losses = where(equal(targets, 1), sub(1, cosine), maximum(sub(cosine, margin), 0));
  return reduce(caller, losses, options.reduction);
}

/** Options of {@link tripletMargin}. */
export interface TripletMarginOptions extends LossOptions {
  /** How much farther the negative one is to be, 0 or more. Default 1. */
  readonly margin?: number;
  /** The order $p \ge 1$ of the norm that measures distances. Default 2. */
  readonly order?: number;
  /** What is added to each difference, 0 or more. Default $10^{-6}$. */
  readonly epsilon?: number;
  /** Take the distance between positive and negative where it is the smaller one. Default false. */
  readonly swap?: boolean;
}

/**
 * The loss of triplets of vectors: $\max(0, |a - p| - |a - n| + m)$ for the anchor $a$, the positive $p$, which belongs
 * to it, and the negative $n$, which does not. PyTorch's `TripletMarginLoss`: $|x - y|$ is the norm of
 * $x - y + \epsilon$.
 *
 * Vectors: [..., size], of the same shape.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Sources: F. Schroff, D. Kalenichenko, J. Philbin, CVPR 2015; swap: V. Balntas et al., BMVC 2016.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { tripletMargin } from '@ad/optim';
 *
 * const graph = new Graph();
 * const [anchor, near, far] = [[[0, 0]], [[3, 4]], [[0, 4.5]]].map((v) => graph.constant(v));
 * evaluate(tripletMargin(anchor!, near!, far!, { epsilon: 0 })).item(); // => 1.5
 * ```
 */
export function tripletMargin(
  anchor: GraphNode,
  positive: GraphNode,
  negative: GraphNode,
  options: TripletMarginOptions = {},
): GraphNode {
  const caller = 'tripletMargin';
  checkNames(caller, options, ['margin', 'order', 'epsilon', 'swap', 'reduction']);
  const margin = numberOption(caller, 'margin', options.margin, 1, NON_NEGATIVE);
  const epsilon = numberOption(caller, 'epsilon', options.epsilon, 1e-6, NON_NEGATIVE);
  const swap = booleanOption(caller, 'swap', options.swap, false);
  const { order = 2 } = options;
  if (!(typeof order === 'number' && order >= 1)) {
    throw new ValueError(
      `${caller}: order is ${describeValue(order)}, expected a number of 1 or more`,
    );
  }
  checkVectors(caller, anchor, positive);
  checkVectors(caller, anchor, negative);
  const distance = (x: GraphNode, y: GraphNode): GraphNode =>
    norm(add(sub(x, y), epsilon), { axes: -1, order });
  const far = distance(anchor, negative);
  const farther = swap ? minimum(far, distance(positive, negative)) : far;
  const losses = maximum(add(sub(distance(anchor, positive), farther), margin), 0);
  return reduce(caller, losses, options.reduction);
}

function checkVectors(caller: string, x: GraphNode, y: GraphNode): void {
  if (x.shape.length === 0) {
    throw new ShapeError(`${caller}: expected vectors along the last axis, got a scalar`);
  }
  checkSameShape(caller, x, y, 'the other vectors');
}
