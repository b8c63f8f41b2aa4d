/** How often which class was taken for which, and the scores that follow from it. */
import {
  argMax,
  evaluate,
  formatShape,
  Graph,
  ShapeError,
  Tensor,
  tensor,
  type TensorLike,
  ValueError,
} from '@ad/graph';
import { numberOption, POSITIVE_INTEGER } from '../options.ts';

/**
 * The classes that logits (or probabilities) speak for: the position of the largest one along the last axis, the first
 * of several.
 *
 * @param logits - [..., classes].
 * @returns integers, [...].
 * @throws `ShapeError` when there is no axis of classes.
 * @example
 * ```ts
 * import { predictedLabels } from '@ad/optim';
 *
 * predictedLabels([[1, 3, 2], [5, 5, 0]]).toArray(); // => [1, 0]
 * ```
 */
export function predictedLabels(logits: TensorLike): Tensor {
  const rows = tensor(logits);
  if (rows.shape.length === 0) {
    throw new ShapeError('predictedLabels: expected logits of shape [..., classes], got a number');
  }
  return evaluate(argMax(new Graph().constant(rows)));
}

/**
 * Counts labels against predictions.
 *
 * @param labels - what was true: integers from 0 to `classes - 1`.
 * @param predictions - what was predicted, in the same order; of logits, their {@link predictedLabels}.
 * @returns integers, [classes, classes]: the entry in row `t` and column `p` counts the samples of class `t` that were
 * taken for `p`.
 * @throws `ShapeError` when the two differ in number, `ValueError` when something is not a class.
 * @example
 * ```ts
 * import { confusionMatrix } from '@ad/optim';
 *
 * confusionMatrix([0, 0, 1, 2], [0, 1, 1, 2], 3).toArray(); // => [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
 * ```
 */
export function confusionMatrix(
  labels: TensorLike,
  predictions: TensorLike,
  classes: number,
): Tensor {
  const count = numberOption('confusionMatrix', 'classes', classes, Number.NaN, POSITIVE_INTEGER);
  const [truths, guesses] = [tensor(labels).data, tensor(predictions).data];
  if (truths.length !== guesses.length) {
    throw new ShapeError(
      `confusionMatrix: there are ${truths.length} labels and ${guesses.length} predictions; give one for each`,
    );
  }
  const counts = new Int32Array(count * count);
  const isClass = (k: number): boolean => Number.isInteger(k) && k >= 0 && k < count;
  for (let i = 0; i < truths.length; i++) {
    const [truth, guess] = [truths[i]!, guesses[i]!];
    if (!isClass(truth) || !isClass(guess)) {
      throw new ValueError(
        `confusionMatrix: sample ${i} has the label ${truth} and the prediction ${guess}; classes are integers ` +
          `from 0 to ${count - 1}`,
      );
    }
    counts[truth * count + guess]!++;
  }
  return new Tensor([count, count], 'integer', counts);
}

/** Precision, recall and their harmonic mean, each from 0 to 1. */
export interface Scores {
  /** Of what was taken for the class, the share that belongs to it. */
  readonly precision: number;
  /** Of what belongs to the class, the share that was taken for it. */
  readonly recall: number;
  /** $2 p r / (p + r)$ */
  readonly f1: number;
}

/** What {@link classScores} returns. */
export interface ClassScores {
  /** The scores of each class, and how many samples it has. */
  readonly classes: readonly (Scores & {
    /** How many there are. */
    readonly support: number;
  })[];
  /** The means of the scores of all classes. */
  readonly macro: Scores;
  /** The scores of all decisions together: where each sample has one label, all three are the accuracy. */
  readonly micro: Scores;
  /** The share of right predictions. */
  readonly accuracy: number;
}

/**
 * Precision, recall and F1 of each class, and their macro and micro averages. A share of nothing is 0 (as in
 * scikit-learn, which warns).
 *
 * @param confusion - a {@link confusionMatrix}.
 * @throws `ShapeError` when it is not square, `ValueError` when it is not made of counts.
 * @example
 * ```ts
 * import { classScores } from '@ad/optim';
 *
 * const { classes, accuracy } = classScores([[8, 2], [1, 9]]);
 * classes[0].recall; // => 0.8
 * accuracy; // => 0.85
 * ```
 */
export function classScores(confusion: TensorLike): ClassScores {
  const { shape, data } = tensor(confusion);
  const count = shape[0] ?? 0;
  if (shape.length !== 2 || shape[1] !== count || count === 0) {
    throw new ShapeError(
      `classScores: the matrix has shape ${formatShape(shape)}, expected [classes, classes]`,
    );
  }
  const bad = data.findIndex((n) => !Number.isInteger(n) || n < 0);
  if (bad >= 0) {
    throw new ValueError(
      `classScores: row ${Math.floor(bad / count)}, column ${bad % count} is ${data[bad]}, expected a count`,
    );
  }
  const axis = Array.from({ length: count }, (_, k) => k);
  const total = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0);
  const right = axis.map((k) => data[k * count + k]!);
  const truths = axis.map((t) => total(axis.map((p) => data[t * count + p]!)));
  const guesses = axis.map((p) => total(axis.map((t) => data[t * count + p]!)));
  const classes = axis.map((k) =>
    Object.assign(scoresOf(right[k]!, guesses[k]!, truths[k]!), { support: truths[k]! }),
  );
  const mean = (name: keyof Scores): number => total(classes.map((c) => c[name])) / count;
  const micro = scoresOf(total(right), total(guesses), total(truths));
  return {
    classes,
    macro: { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') },
    micro,
    accuracy: micro.recall,
  };
}

/** The scores of so many right ones among those predicted and those there are. */
function scoresOf(right: number, predicted: number, there: number): Scores {
  const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
  return {
    precision: share(right, predicted),
    recall: share(right, there),
    f1: share(2 * right, predicted + there),
  };
}
