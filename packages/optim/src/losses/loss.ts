/** What losses have in common: types, options, and how the losses of samples become one number. */
import {
  formatShape,
  GraphNode,
  KindError,
  mean,
  sameShape,
  ShapeError,
  sum,
  ValueError,
} from '@ad/graph';
import { describeValue, type Range } from '../options.ts';

/** A number that says how good a batch of predictions is; the mean over the samples, to be comparable. */
export type Metric = (prediction: GraphNode, targets: GraphNode) => GraphNode;

/** A metric that is small for good predictions and is differentiated. */
export type Loss = Metric & {
  /**
   * What the targets are: `labels` are integers from 0 to the length of the prediction's last axis (not included),
   * and are checked to be; `values` are real numbers. Default: as given.
   */
  readonly targets?: 'labels' | 'values';
  /** A label that is allowed beside those, of samples that do not count. */
  readonly ignores?: number;
  /** Which values targets can have; those of samples are checked. Default: all that are finite. */
  readonly range?: Range;
};

/**
 * What becomes of the losses of the samples (or elements): their mean, their sum, or nothing: they are returned as they
 * are.
 */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options of every loss. */
export interface LossOptions {
  /** How the losses of the samples become one; default `mean`. `fit` needs one number. */
  readonly reduction?: Reduction;
}

/** A loss that takes options as a third argument. */
export interface LossFunction<Options extends LossOptions = LossOptions> {
  /** Appends the loss to the graph. */
  (prediction: GraphNode, targets: GraphNode, options?: Options): GraphNode;
  /** As of a {@link Loss}. */
  readonly targets?: 'labels' | 'values';
  /** As of a {@link Loss}. */
  readonly range?: Range;
}

/**
 * A loss with its options, to be given to `fit`.
 *
 * @example
 * ```ts
 * import { crossEntropy, fit, mlp, withOptions } from '@ad/optim';
 *
 * const samples = { inputs: [[0], [1]], targets: [0, 1] };
 * const loss = withOptions(crossEntropy, { labelSmoothing: 0.1 });
 * const { stopped } = await fit(mlp([1, 2]), samples, { loss, epochs: 1 });
 * stopped; // => 'finished'
 * ```
 */
export function withOptions<Options extends LossOptions>(
  loss: LossFunction<Options>,
  options: Options & { readonly ignoreIndex?: number },
): Loss {
  const { targets, range } = loss;
  const { ignoreIndex } = options;
  return Object.assign(
    (prediction: GraphNode, wanted: GraphNode): GraphNode => loss(prediction, wanted, options),
    {
      ...(targets === undefined ? {} : { targets }),
      ...(range === undefined ? {} : { range }),
      ...(ignoreIndex === undefined ? {} : { ignores: ignoreIndex }),
    },
  );
}

/**
 * The losses of samples as one number, or as they are.
 *
 * @throws `ValueError` when the reduction is none of the three.
 */
export function reduce(
  caller: string,
  losses: GraphNode,
  reduction: Reduction = 'mean',
): GraphNode {
  if (reduction === 'mean') return mean(losses);
  if (reduction === 'sum') return sum(losses);
  if (reduction === 'none') return losses;
  throw new ValueError(
    `${caller}: reduction is ${describeValue(reduction)}, expected "mean", "sum" or "none"`,
  );
}

/**
 * Checks that nothing would be broadcast: `[n, 1]` and `[n]` would silently become `[n, n]`.
 *
 * @throws `ShapeError` when the shapes differ; `ValueError` when they are no nodes.
 */
export function checkSameShape(
  caller: string,
  prediction: GraphNode,
  other: GraphNode,
  what: string = 'the targets',
): void {
  checkNodes(caller, prediction, other);
  if (sameShape(prediction.shape, other.shape)) return;
  throw new ShapeError(
    `${caller}: the prediction has shape ${formatShape(prediction.shape)}, ${what} ` +
      `${formatShape(other.shape)}; reshape one to the shape of the other`,
  );
}

/** A loss is passed on as it is: it is not to be called to get one. */
function checkNodes(caller: string, ...nodes: readonly unknown[]): void {
  if (nodes.every((node) => node instanceof GraphNode)) return;
  throw new ValueError(
    `${caller}: got ${nodes.map(describeValue).join(' and ')}, expected nodes of a prediction and of targets; give it to fit as it is, ` +
      'with options as withOptions(loss, options)',
  );
}

/**
 * Checks that labels are integers, one for each row of the prediction.
 *
 * @throws `KindError` or `ShapeError` when they are not.
 */
export function checkLabels(caller: string, logits: GraphNode, labels: GraphNode): void {
  checkNodes(caller, logits, labels);
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
