/**
 * Checkpoints as bytes: one safetensors file, with parameters, optimizer state and the best parameters as tensors, and the
 * rest as JSON among its metadata. One file, because two cannot be replaced at once.
 */
import { FormatError } from '@ad/graph';
import type { Model } from '../layers/model.ts';
import { describeValue } from '../options.ts';
import type { Optimizer } from '../rules/optimizer.ts';
import type { Checkpoint, EpochRecord, TrainingSetting } from '../training/fit-options.ts';
import { parseTensors, serializeTensors } from './safetensors.ts';
import { checkRest, tensorsOf, treeOf } from './tree-file.ts';

const FORMAT = 'ad-checkpoint-1';

/** What a checkpoint has beside tensors. */
interface Progress {
  readonly steps: number;
  readonly step: number;
  readonly sums: readonly number[];
  readonly samples: number;
  readonly history: readonly EpochRecord[];
  readonly best: { readonly epoch: number; readonly loss: number } | null;
  readonly setting: TrainingSetting;
}

/**
 * A checkpoint as the bytes of a safetensors file.
 *
 * @example
 * ```ts
 * import { adam, fit, meanSquaredError, mlp, parseCheckpoint, serializeCheckpoint } from '@ad/optim';
 *
 * const [model, optimizer] = [mlp([1, 1]), adam()];
 * const samples = { inputs: [[0], [1], [2]], targets: [[1], [3], [5]] };
 * const options = { loss: meanSquaredError, optimizer, batchSize: 2 };
 * const files: Uint8Array[] = [];
 * await fit(model, samples, {
 *   ...options,
 *   epochs: 1,
 *   checkpoint: { every: 100, save: (checkpoint) => void files.push(serializeCheckpoint(checkpoint)) },
 * });
 * const resume = parseCheckpoint(files[0], model, optimizer);
 * resume.history.length; // => 1
 * (await fit(model, samples, { ...options, epochs: 3, resume })).history.length; // => 3
 * ```
 */
export function serializeCheckpoint(checkpoint: Checkpoint<unknown>): Uint8Array {
  const { parameters, state, best, steps, step, sums, samples, history, setting } = checkpoint;
  const progress: Progress = {
    steps,
    step,
    sums,
    samples,
    history,
    best: best === undefined ? null : { epoch: best.epoch, loss: best.loss },
    setting,
  };
  return serializeTensors(
    {
      ...tensorsOf(parameters, 'parameters'),
      ...tensorsOf(state, 'state'),
      ...(best === undefined ? {} : tensorsOf(best.parameters, 'best')),
    },
    { format: FORMAT, training: JSON.stringify(progress, writeNumber) },
  );
}

/**
 * The checkpoint in a safetensors file, for `fit` to go on from.
 *
 * @param model - the model it is a checkpoint of.
 * @param optimizer - its rule.
 * @param name - what messages call the file; default `checkpoint`.
 * @throws `FormatError` as `parseTensors`, and when the file is no checkpoint, what it says of the training is
 * malformed, or a tensor is missing, left over, or has another shape or kind than model and rule need. Nothing has
 * changed then.
 */
export function parseCheckpoint<P, Name extends string = string>(
  bytes: Uint8Array,
  model: Model<P>,
  optimizer: Optimizer,
  name: string = 'checkpoint',
): Checkpoint<P, Name> {
  const { tensors, metadata } = parseTensors(bytes, name);
  if (metadata['format'] !== FORMAT) {
    throw new FormatError(
      `${name}: the format is ${describeValue(metadata['format'])}, expected "${FORMAT}": this is no checkpoint`,
    );
  }
  const progress = readProgress(metadata['training'], name);
  const like = model.init(0);
  const rest = new Set(Object.keys(tensors));
  const parameters = treeOf(like, 'parameters', tensors, rest, name);
  const state = treeOf(optimizer.init(like), 'state', tensors, rest, name);
  const { best, ...others } = progress;
  const bests =
    best === null
      ? {}
      : { best: { ...best, parameters: treeOf(like, 'best', tensors, rest, name) } };
  checkRest(rest, name);
  return { ...(others as Checkpoint<P, Name>), parameters, state, ...bests };
}

/** Numbers that JSON does not have. */
const STRANGERS = new Set(['NaN', 'Infinity', '-Infinity', '-0']);

function writeNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return STRANGERS.has(text) ? { number: text } : value;
}

function readNumber(_key: string, value: unknown): unknown {
  const { number, ...others } = Object(value) as { readonly number?: unknown };
  const isNumber = typeof number === 'string' && STRANGERS.has(number);
  return isNumber && Object.keys(others).length === 0 ? Number(number) : value;
}

function readProgress(text: string | undefined, name: string): Progress {
  const fail = (what: string, value: unknown, expected: string): FormatError =>
    new FormatError(`${name}: ${what} is ${describeValue(value)}, expected ${expected}`);
  let progress: Readonly<Record<string, unknown>>;
  try {
    progress = Object(JSON.parse(text ?? '', readNumber)) as typeof progress;
  } catch (error) {
    throw new FormatError(
      `${name}: what it says of the training is not JSON: ${(error as Error).message}`,
    );
  }
  const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;
  const isNumber = (x: unknown): boolean => typeof x === 'number';
  const isEvaluation = (x: unknown): boolean => {
    const { loss, metrics } = Object(x) as Readonly<Record<string, unknown>>;
    return isNumber(loss) && typeof metrics === 'object' && metrics !== null
      ? Object.values(metrics).every(isNumber)
      : false;
  };
  for (const count of ['steps', 'step', 'samples']) {
    if (!isCount(progress[count])) throw fail(count, progress[count], 'a count');
  }
  const { sums, history, best, setting } = progress;
  if (!Array.isArray(sums) || !sums.every(isNumber)) throw fail('sums', sums, 'a list of numbers');
  if (!Array.isArray(history)) throw fail('history', history, 'a list of records');
  history.forEach((record: unknown, k) => {
    const { epoch, validation } = Object(record) as Readonly<Record<string, unknown>>;
    const isRecord =
      epoch === k + 1 &&
      isEvaluation(record) &&
      (validation === undefined || isEvaluation(validation));
    if (!isRecord) throw fail(`history[${k}]`, record, `the record of epoch ${k + 1}`);
  });
  const bestRecord = Object(best) as Readonly<Record<string, unknown>>;
  if (best !== null && !(isCount(bestRecord['epoch']) && isNumber(bestRecord['loss']))) {
    throw fail('best', best, 'an epoch and its loss, or null');
  }
  const { seed, batchSize, shuffle, shards, samples } = Object(setting) as Readonly<
    Record<string, unknown>
  >;
  const isSetting =
    isCount(seed) &&
    isCount(batchSize) &&
    typeof shuffle === 'boolean' &&
    isCount(shards) &&
    (samples === undefined || isCount(samples));
  if (!isSetting) throw fail('setting', setting, 'seed, batchSize, shuffle and shards');
  return progress as unknown as Progress;
}
