/** Samples in another order, in two parts, or on another scale. The samples passed in are never changed. */
import { formatShape, ShapeError, Tensor, type TensorLike, ValueError, allocate } from '@ad/graph';
import { checkNames, describeValue, numberOption, SEED } from '../options.ts';
import { Random } from '../random.ts';
import { copyRows } from './copy-rows.ts';
import { countOf, rowsOf, type Samples, samplesOf, type SampleTensors } from './samples.ts';

/** Samples in two parts. */
export interface Split {
  /** What to learn from. */
  readonly train: SampleTensors;
  /** What to judge by. */
  readonly test: SampleTensors;
}

/** Options of {@link split}. */
export interface SplitOptions {
  /** The share of the samples that is kept for testing, between 0 and 1. */
  readonly test: number;
  /** Decides which: an integer from 0 to $2^{53} - 1$. Default 0. */
  readonly seed?: number;
}

/**
 * The samples in random order; the same for the same seed on every machine.
 *
 * @throws `ValueError` or `ShapeError` when samples or seed are wrong.
 * @example
 * ```ts
 * import { shuffle } from '@ad/optim';
 *
 * const { targets } = shuffle({ inputs: [[1], [2], [3]], targets: [1, 2, 3] }, 5);
 * [...targets.data].sort(); // => [1, 2, 3]
 * ```
 */
export function shuffle(samples: Samples, seed: number = 0): SampleTensors {
  numberOption('shuffle', 'seed', seed, 0, SEED);
  const tensors = samplesOf(samples, 'shuffle', undefined);
  const order = new Random(seed).permutation(countOf(tensors.inputs));
  return part(tensors, order, 0, order.length);
}

/**
 * The samples in two parts, drawn at random; the same for the same seed on every machine.
 *
 * @returns `test` has the given share of the samples, rounded; `train` the others. Each has at least one.
 * @throws `ValueError` or `ShapeError` when samples or options are wrong, or a part would be empty.
 * @example
 * ```ts
 * import { split } from '@ad/optim';
 *
 * const { train, test } = split({ inputs: [[1], [2], [3], [4], [5]], targets: [1, 2, 3, 4, 5] }, { test: 0.2 });
 * train.inputs.shape; // => [4, 1]
 * test.inputs.shape; // => [1, 1]
 * ```
 */
export function split(samples: Samples, options: SplitOptions): Split {
  checkNames('split', options, ['test', 'seed']);
  const share: unknown = options.test;
  if (typeof share !== 'number' || !(share > 0 && share < 1)) {
    throw new ValueError(
      `split: test is ${describeValue(share)}, expected a share between 0 and 1, such as 0.2`,
    );
  }
  const seed = numberOption('split', 'seed', options.seed, 0, SEED);
  const tensors = samplesOf(samples, 'split', undefined);
  const count = countOf(tensors.inputs);
  const tests = Math.round(count * share);
  if (tests === 0 || tests === count) {
    throw new ValueError(
      `split: ${share} of ${count} samples leaves one part empty; there are too few samples`,
    );
  }
  const order = new Random(seed).permutation(count);
  return { train: part(tensors, order, tests, count), test: part(tensors, order, 0, tests) };
}

/** What {@link standardize} returns. */
export interface Standardized {
  /** The inputs with mean 0 and deviation 1 in each column. */
  readonly inputs: Tensor;
  /** The means of the columns. */
  readonly means: Tensor;
  /** The standard deviations of the columns; 1 for a column that does not vary. */
  readonly deviations: Tensor;
  /** Other inputs on the same scale: those of the test samples. */
  readonly apply: (inputs: TensorLike) => Tensor;
}

/**
 * Inputs on a common scale: from each column its mean is subtracted, and it is divided by its standard deviation
 * (over the number of samples). Columns that do not vary become 0.
 *
 * @param inputs - the inputs of the training samples: [samples, ...].
 * @throws `ValueError` or `ShapeError` when they are empty, ragged or not finite; `apply` too, or when its
 * columns are not those of `inputs`.
 * @example
 * ```ts
 * import { standardize } from '@ad/optim';
 *
 * const { inputs, apply } = standardize([[0, 5], [2, 5]]);
 * inputs.toArray(); // => [[-1, 0], [1, 0]]
 * apply([[4, 6]]).toArray(); // => [[3, 1]]
 * ```
 */
export function standardize(inputs: TensorLike): Standardized {
  const rows = rowsOf(inputs, 'standardize: inputs');
  const shape = rows.shape.slice(1);
  const count = countOf(rows);
  const columns = rows.size / count;
  const means = new Float64Array(columns);
  const deviations = new Float64Array(columns);
  // Relative to the first row, so that the mean of equal numbers is exact.
  for (let i = 0; i < rows.size; i++)
    means[i % columns]! += rows.data[i]! - rows.data[i % columns]!;
  for (let k = 0; k < columns; k++) means[k] = rows.data[k]! + means[k]! / count;
  for (let i = 0; i < rows.size; i++)
    deviations[i % columns]! += (rows.data[i]! - means[i % columns]!) ** 2;
  for (let k = 0; k < columns; k++) deviations[k] = Math.sqrt(deviations[k]! / count) || 1;
  const apply = (others: TensorLike): Tensor => {
    const given = rowsOf(others, 'standardize: inputs');
    if (formatShape(given.shape.slice(1)) !== formatShape(shape)) {
      throw new ShapeError(
        `standardize: rows of shape ${formatShape(given.shape.slice(1))} are not like those of shape ${formatShape(shape)} that set the scale`,
      );
    }
    const data = Float64Array.from(
      given.data,
      (x, i) => (x - means[i % columns]!) / deviations[i % columns]!,
    );
    return new Tensor(given.shape, 'real', data);
  };
  return {
    inputs: apply(rows),
    means: new Tensor(shape, 'real', means),
    deviations: new Tensor(shape, 'real', deviations),
    apply,
  };
}

/** The samples from `start` to `end` of an order. */
function part(
  { inputs, targets }: SampleTensors,
  order: Int32Array,
  start: number,
  end: number,
): SampleTensors {
  const take = (rows: Tensor): Tensor => {
    const rowSize = rows.size / countOf(rows);
    const data =
      rows.data instanceof Float32Array
        ? new Float32Array((end - start) * rowSize)
        : allocate(rows.kind, (end - start) * rowSize);
    copyRows(rows, order, start, end - start, data);
    return new Tensor([end - start, ...rows.shape.slice(1)], rows.kind, data);
  };
  return { inputs: take(inputs), targets: take(targets) };
}
