/**
 * Samples to learn from: inputs and what is wanted for each. Everything that can be wrong with them is found here,
 * before anything is computed, and the row is named.
 */
import {
  AdError,
  formatShape,
  Tensor,
  tensor,
  type TensorLike,
  ShapeError,
  ValueError,
} from '@ad/graph';
import type { Loss } from '../losses/loss.ts';
import { describeValue, type Range } from '../options.ts';

/** Samples: the first axis of both runs over them. */
export interface Samples {
  /** What is known: anything `tensor()` takes, with one row for each sample. */
  readonly inputs: TensorLike;
  /** What is wanted: integer labels, or real values. */
  readonly targets: TensorLike;
}

/** Samples as tensors. */
export interface SampleTensors extends Samples {
  readonly inputs: Tensor;
  readonly targets: Tensor;
}

/** The number of samples. */
export function countOf(rows: Tensor): number {
  return rows.shape[0]!;
}

/**
 * Rows as a tensor.
 *
 * @param what - as in `fit: inputs`, for messages.
 * @throws `ValueError` when there are no rows, or one holds something that is not a finite number;
 * `ShapeError` when the rows differ in length.
 */
export function rowsOf(rows: TensorLike, what: string): Tensor {
  const result = asTensor(rows, what);
  if (result.shape.length === 0) {
    throw new ShapeError(
      `${what} is a single number, expected a list with one row for each sample`,
    );
  }
  if (result.size === 0) {
    throw new ValueError(`${what} has shape ${formatShape(result.shape)}: there is nothing in it`);
  }
  if (result.kind === 'real') checkFinite(result, what);
  return result;
}

/**
 * Checked samples.
 *
 * @param targets - what the loss says of the targets.
 * @throws `ValueError` or `ShapeError`.
 */
export function samplesOf(
  samples: Samples,
  caller: string,
  targets: 'labels' | 'values' | undefined,
): SampleTensors {
  const given: unknown = samples;
  const stranger =
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? Object.keys(given).find((name) => name !== 'inputs' && name !== 'targets')
      : '';
  if (stranger !== undefined) {
    const got =
      stranger === '' ? describeValue(given) : `an object with ${JSON.stringify(stranger)}`;
    throw new ValueError(`${caller}: the samples are ${got}, expected { inputs, targets }`);
  }
  const inputs = rowsOf(samples.inputs, `${caller}: inputs`);
  const wanted = rowsOf(samples.targets, `${caller}: targets`);
  if (countOf(inputs) !== countOf(wanted)) {
    throw new ShapeError(
      `${caller}: there are ${countOf(inputs)} inputs and ${countOf(wanted)} targets; give one target for each input`,
    );
  }
  return {
    inputs,
    targets: targets === 'labels' ? labelsOf(wanted, `${caller}: targets`) : wanted,
  };
}

/**
 * Checks that targets are what a loss can be of: labels that the model tells apart, or the one that is ignored; numbers
 * in the range that the loss states.
 *
 * @param classes - the length of the prediction's last axis.
 * @throws `ValueError` naming the first row that is not.
 */
export function checkTargets(
  { targets: kind, ignores, range }: Pick<Loss, 'targets' | 'ignores' | 'range'>,
  targets: Tensor,
  classes: number | undefined,
  what: string,
): void {
  const expected: Range | undefined =
    kind === 'labels' && classes !== undefined
      ? {
          words: `the model tells ${classes} classes apart: labels go from 0 to ${classes - 1}`,
          holds: (label) => (label >= 0 && label < classes) || label === ignores,
        }
      : range;
  if (expected === undefined) return;
  const bad = targets.data.findIndex((target) => !expected.holds(target));
  if (bad < 0) return;
  const where = `${what}${place(targets, bad)}`;
  throw new ValueError(
    kind === 'labels'
      ? `${where} is the label ${targets.data[bad]}, but ${expected.words}`
      : `${where} is ${targets.data[bad]}, but the loss is of targets that are ${expected.words}`,
  );
}

/** Numbers as integers. */
function labelsOf(labels: Tensor, what: string): Tensor {
  if (labels.kind === 'integer') return labels;
  const bad = labels.data.findIndex((label) => label !== (label | 0));
  if (bad >= 0) {
    throw new ValueError(
      `${what}${place(labels, bad)} is ${labels.data[bad]}, expected a label: an integer from 0 up. ` +
        'Use meanSquaredError for targets that are real numbers',
    );
  }
  return new Tensor(labels.shape, 'integer', Int32Array.from(labels.data));
}

function checkFinite(rows: Tensor, what: string): void {
  const bad = rows.data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return;
  throw new ValueError(
    `${what}${place(rows, bad)} is ${rows.data[bad]}, expected a finite number; repair or leave out the row`,
  );
}

/** Where an element is, as one would write it: ` row 3 [0][2]`. */
function place(rows: Tensor, position: number): string {
  const indices: number[] = [];
  for (let axis = rows.shape.length - 1; axis >= 0; axis--) {
    indices.unshift(position % rows.shape[axis]!);
    position = Math.floor(position / rows.shape[axis]!);
  }
  const [row, ...rest] = indices;
  return ` row ${row}${rest.length === 0 ? '' : ` at ${rest.map((index) => `[${index}]`).join('')}`}`;
}

/** A tensor of nested lists, or an error that names the row. */
function asTensor(rows: TensorLike, what: string): Tensor {
  if (rows === undefined || rows === null) {
    throw new ValueError(
      `${what} is missing; give a tensor, a typed array or nested lists with a row for each sample`,
    );
  }
  try {
    return tensor(rows);
  } catch (error) {
    if (!(error instanceof AdError)) throw error;
    if (Array.isArray(rows)) nameRow(rows, what);
    throw new ValueError(`${what}: ${error.message}`);
  }
}

/** Finds the row that is not like the first one. */
function nameRow(rows: readonly unknown[], what: string): void {
  let first: Tensor | undefined;
  rows.forEach((row, index) => {
    let made: Tensor;
    try {
      made = tensor(row as TensorLike);
    } catch (error) {
      const reason = error instanceof Error ? error.message : describeValue(row);
      throw new ValueError(`${what} row ${index}: ${reason}`);
    }
    first ??= made;
    if (formatShape(made.shape) !== formatShape(first.shape)) {
      throw new ShapeError(
        `${what} row ${index} has shape ${formatShape(made.shape)}, but row 0 has ${formatShape(first.shape)}; ` +
          'all rows need the same number of values',
      );
    }
  });
}
