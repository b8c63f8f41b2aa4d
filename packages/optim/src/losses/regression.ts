/** Losses for real targets: how far a prediction is off. */
import { abs, type GraphNode, less, maximum, mul, square, sub, ValueError, where } from '@ad/graph';
import { booleanOption, checkNames, describeValue, type Range } from '../options.ts';
import { checkSameShape, type LossFunction, type LossOptions, reduce } from './loss.ts';

/** A loss of each pair of elements. */
function elementwise<Options extends LossOptions>(
  caller: string,
  names: readonly string[],
  losses: (prediction: GraphNode, targets: GraphNode, options: Options) => GraphNode,
  range?: Range,
): LossFunction<Options> {
  return Object.assign(
    (prediction: GraphNode, targets: GraphNode, options: Options = {} as Options): GraphNode => {
      checkNames(caller, options, [...names, 'reduction']);
      checkSameShape(caller, prediction, targets);
      return reduce(caller, losses(prediction, targets, options), options.reduction);
    },
    { targets: 'values' as const, ...(range === undefined ? {} : { range }) },
  );
}

/**
 * Mean of the squared differences of all elements.
 *
 * Prediction and targets have the same shape: nothing is broadcast, because `[n, 1]` and `[n]` would silently
 * become `[n, n]`. The result is a scalar.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { meanSquaredError } from '@ad/optim';
 *
 * const graph = new Graph();
 * const prediction = graph.input('prediction', { value: [1, 2] });
 * const target = graph.input('target', { value: [1, 4] });
 * evaluate(meanSquaredError(prediction, target)).item(); // => 2
 * evaluate(meanSquaredError(prediction, target, { reduction: 'sum' })).item(); // => 4
 * ```
 */
export const meanSquaredError: LossFunction = /* @__PURE__ */ elementwise(
  'meanSquaredError',
  [],
  (prediction, targets) => square(sub(prediction, targets)),
);

/**
 * Mean of the absolute differences of all elements. PyTorch's `L1Loss`; where both are equal the derivative is 0.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { meanAbsoluteError } from '@ad/optim';
 *
 * const graph = new Graph();
 * const prediction = graph.input('prediction', { value: [1, 2] });
 * evaluate(meanAbsoluteError(prediction, graph.constant([1, 4]))).item(); // => 1
 * ```
 */
export const meanAbsoluteError: LossFunction = /* @__PURE__ */ elementwise(
  'meanAbsoluteError',
  [],
  (prediction, targets) => abs(sub(prediction, targets)),
);

/** Options of {@link huber}. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line, $\delta > 0$. Default 1. */
  readonly delta?: number;
}

/**
 * Huber's loss of each difference $d$: $\frac12 d^2$ where $|d| < \delta$, else $\delta (|d| - \frac12 \delta)$.
 * PyTorch's `HuberLoss`.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Source: P. J. Huber, Annals of Mathematical Statistics 35, 1964.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { huber } from '@ad/optim';
 *
 * const graph = new Graph();
 * const prediction = graph.input('prediction', { value: [1, 5] });
 * evaluate(huber(prediction, graph.constant([0, 0]), { delta: 2 })).item(); // => 4.25
 * ```
 */
export const huber: LossFunction<HuberOptions> = /* @__PURE__ */ elementwise(
  'huber',
  ['delta'],
  (prediction, targets, { delta = 1 }) => {
    checkPositive('huber', 'delta', delta);
    const d = abs(sub(prediction, targets));
    return where(less(d, delta), mul(square(d), 0.5), mul(sub(d, delta / 2), delta));
  },
);

/** Options of {@link smoothL1}. */
export interface SmoothL1Options extends LossOptions {
  /** Where the parabola becomes a line, $\beta > 0$. Default 1. */
  readonly beta?: number;
}

/**
 * Huber's loss divided by where its line begins: $\frac{1}{2\beta} d^2$ where $|d| < \beta$, else
 * $|d| - \frac12 \beta$. PyTorch's `SmoothL1Loss`, except that $\beta = 0$ is refused: use
 * {@link meanAbsoluteError}.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Source: R. Girshick, ICCV 2015.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { smoothL1 } from '@ad/optim';
 *
 * const graph = new Graph();
 * const prediction = graph.input('prediction', { value: [1, 5] });
 * evaluate(smoothL1(prediction, graph.constant([0, 0]), { beta: 2 })).item(); // => 2.125
 * ```
 */
export const smoothL1: LossFunction<SmoothL1Options> = /* @__PURE__ */ elementwise(
  'smoothL1',
  ['beta'],
  (prediction, targets, { beta = 1 }) => {
    checkPositive('smoothL1', 'beta', beta);
    const d = abs(sub(prediction, targets));
    return where(less(d, beta), mul(square(d), 0.5 / beta), sub(d, beta / 2));
  },
);

/** Options of {@link hinge}. */
export interface HingeOptions extends LossOptions {
  /** Square the losses. Default false. */
  readonly squared?: boolean;
}

/**
 * The hinge loss $\max(0, 1 - t x)$ for scores $x$ and targets $t$ that are -1 or 1: that of support vector machines.
 * (Not PyTorch's `HingeEmbeddingLoss`, which is about distances.) `fit` refuses other targets.
 *
 * @throws `ShapeError` when the shapes differ, `ValueError` when an option is unknown or wrong.
 * Source: C. Cortes, V. Vapnik, Machine Learning 20, 1995.
 * @example
 * ```ts
 * import { evaluate, Graph } from '@ad/graph';
 * import { hinge } from '@ad/optim';
 *
 * const graph = new Graph();
 * const scores = graph.input('scores', { value: [2, 0.5] });
 * evaluate(hinge(scores, graph.constant([1, -1]))).item(); // => 0.75
 * ```
 */
export const hinge: LossFunction<HingeOptions> = /* @__PURE__ */ elementwise(
  'hinge',
  ['squared'],
  (scores, targets, { squared }) => {
    const losses = maximum(sub(1, mul(targets, scores)), 0);
    return booleanOption('hinge', 'squared', squared, false) ? square(losses) : losses;
  },
  { words: '-1 or 1', holds: (target) => target === -1 || target === 1 },
);

function checkPositive(caller: string, name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value < Infinity) return;
  throw new ValueError(
    `${caller}: ${name} is ${describeValue(value)}, expected a finite number above 0`,
  );
}
