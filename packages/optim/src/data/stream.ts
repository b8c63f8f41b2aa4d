/** Samples that do not fit into memory, or are not there yet: streams of batches. */
import { allocate, formatShape, sameShape, ShapeError, Tensor, ValueError } from '@ad/graph';
import { describeValue, numberOption, POSITIVE_INTEGER } from '../options.ts';
import { countOf, type Samples, samplesOf, type SampleTensors } from './samples.ts';

/** Samples in pieces of any size, one after the other. */
export type SampleSource = AsyncIterable<Samples> | Iterable<Samples>;

/**
 * Samples in batches of one size, of pieces of any sizes; the last batch holds what is left. Rows are copied once, and
 * no more than one batch and one piece is held.
 *
 * @param source - pieces that are alike but for their numbers of rows: the lines of a file as they are read, or parts
 * of a set.
 * @param size - the number of samples in a batch: an integer of 1 or more.
 * @throws (rejects with) `ValueError` or `ShapeError` when the size is not in its range, or a piece is malformed or
 * not like the first one; and with what the source throws.
 * @example
 * ```ts
 * import { batchesOf } from '@ad/optim';
 *
 * async function* lines() {
 *   yield { inputs: [[1], [2], [3]], targets: [1, 2, 3] };
 *   yield { inputs: [[4], [5]], targets: [4, 5] };
 * }
 * const sizes = [];
 * for await (const { targets } of batchesOf(lines(), 2)) sizes.push(targets.toArray());
 * sizes; // => [[1, 2], [3, 4], [5]]
 * ```
 */
export async function* batchesOf(
  source: SampleSource,
  size: number,
): AsyncGenerator<SampleTensors, void, undefined> {
  numberOption('batchesOf', 'size', size, Number.NaN, POSITIVE_INTEGER);
  yield* piecesInBatches('batchesOf', source, size, undefined);
}

/** The batches of {@link batchesOf}, with targets as a loss wants them. */
export async function* piecesInBatches(
  caller: string,
  source: SampleSource,
  size: number,
  targets: 'labels' | 'values' | undefined,
): AsyncGenerator<SampleTensors, void, undefined> {
  checkSource(caller, source);
  let pending: SampleTensors[] = [];
  let held = 0;
  let first: SampleTensors | undefined;
  let number = 0;
  for await (const piece of source) {
    const samples = samplesOf(piece, `${caller}: piece ${number++}`, targets);
    first ??= samples;
    checkAlike(`${caller}: piece ${number - 1}`, samples, first);
    let start = 0;
    const count = countOf(samples.inputs);
    while (held + count - start >= size) {
      const end = start + size - held;
      pending.push(rowsBetween(samples, start, end));
      yield joined(pending);
      pending = [];
      held = 0;
      start = end;
    }
    if (start < count) {
      pending.push(rowsBetween(samples, start, count));
      held += count - start;
    }
  }
  if (held > 0) yield joined(pending);
}

/**
 * Checks that something can be iterated over.
 *
 * @throws `ValueError` when it cannot.
 */
function checkSource(caller: string, source: unknown): asserts source is SampleSource {
  const methods = source as Partial<Record<symbol, unknown>> | null | undefined;
  if (typeof methods?.[Symbol.asyncIterator] === 'function') return;
  if (typeof methods?.[Symbol.iterator] === 'function') return;
  throw new ValueError(
    `${caller}: the source is ${describeValue(source)}, expected something to iterate over, such as an async generator`,
  );
}

const NAMES = ['inputs', 'targets'] as const;

/** The other lengths and the kinds of a piece are those of the first. */
function checkAlike(piece: string, samples: SampleTensors, first: SampleTensors): void {
  for (const name of NAMES) {
    const [got, expected] = [samples[name], first[name]];
    if (got.kind === expected.kind && sameShape(got.shape.slice(1), expected.shape.slice(1)))
      continue;
    throw new ShapeError(
      `${piece} has ${name} of kind ${got.kind} with rows of shape ${formatShape(got.shape.slice(1))}, ` +
        `the first piece ${expected.kind} with ${formatShape(expected.shape.slice(1))}`,
    );
  }
}

function rowsBetween(samples: SampleTensors, start: number, end: number): SampleTensors {
  const take = ({ shape, kind, data }: Tensor): Tensor => {
    const rowSize = data.length / shape[0]!;
    return new Tensor(
      [end - start, ...shape.slice(1)],
      kind,
      data.subarray(start * rowSize, end * rowSize),
    );
  };
  return { inputs: take(samples.inputs), targets: take(samples.targets) };
}

/** Parts one after the other, in storage of their own. */
function joined(parts: readonly SampleTensors[]): SampleTensors {
  const join = (name: 'inputs' | 'targets'): Tensor => {
    const tensors = parts.map((part) => part[name]);
    const { shape, kind } = tensors[0]!;
    const count = tensors.reduce((total, tensor) => total + countOf(tensor), 0);
    const data = allocate(
      kind,
      tensors.reduce((total, { size }) => total + size, 0),
    );
    let at = 0;
    for (const tensor of tensors) {
      data.set(tensor.data, at);
      at += tensor.size;
    }
    return new Tensor([count, ...shape.slice(1)], kind, data);
  };
  return { inputs: join('inputs'), targets: join('targets') };
}
