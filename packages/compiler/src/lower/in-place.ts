/**
 * Values in the place of others: a loop that is the last to look at a value, and looks at each element just before it
 * writes one of another value, may write over it. So parameters are updated in place, and temporary values are handed on
 * in the same memory.
 */
import { buffersRead, buffersWritten, type Kernel, type Result } from './kernel.ts';
import { type Buffer, isContiguous, type View } from './view.ts';

/** An update: where the new value is computed, and the input that is to hold it. */
export interface UpdateBuffers {
  readonly from: Buffer;
  readonly to: Buffer;
  /** The number that says whether the input is updated at all: not if it is 0. Absent if it always is. */
  readonly condition?: Buffer | undefined;
}

/**
 * The updates that need no copy, by the buffer of the new value.
 *
 * @param outputs - buffers that must stay apart from the inputs.
 */
export function updatesInPlace(
  kernels: readonly Kernel[],
  updates: readonly UpdateBuffers[],
  outputs: ReadonlySet<Buffer>,
): Map<Buffer, Buffer> {
  if (updates.length === 0) return new Map();
  const lastRead = new Map<Buffer, number>();
  const writtenBy = new Map<Buffer, number>();
  const writes = new Map<Buffer, number>();
  kernels.forEach((kernel, time) => {
    for (const buffer of buffersRead(kernel)) lastRead.set(buffer, time);
    for (const buffer of buffersWritten(kernel)) writes.set(buffer, (writes.get(buffer) ?? 0) + 1);
    for (const { write, combine } of resultsOf(kernel))
      if (combine === undefined) writtenBy.set(write.buffer, time);
  });
  const counts = new Map<Buffer, number>();
  for (const { from } of updates) counts.set(from, (counts.get(from) ?? 0) + 1);
  const inPlace = new Map<Buffer, Buffer>();
  for (const { from, to } of updates) {
    const time = writtenBy.get(from);
    if (time === undefined || outputs.has(from) || counts.get(from) !== 1) continue;
    // One that is put together from parts is begun before the last of them has been read.
    if (writes.get(from) !== 1) continue;
    if ((lastRead.get(to) ?? -1) > time) continue;
    if (readsElementwise(kernels[time]!, to)) inPlace.set(from, to);
  }
  return inPlace;
}

/** Whether a kernel, the last to read the buffer `from`, may write `to`, which is as large, over it. */
export function mayOverwrite(kernel: Kernel, from: Buffer, to: Buffer): boolean {
  const isWritten = resultsOf(kernel).some(
    ({ write, combine }) => write.buffer === to && combine === undefined && isWhole(write),
  );
  return isWritten && !buffersWritten(kernel).includes(from) && readsElementwise(kernel, from);
}

/** Whether a kernel that computes element by element reads this buffer in no other way. */
function readsElementwise(kernel: Kernel, buffer: Buffer): boolean {
  const isFactor =
    kernel.kind === 'contraction' &&
    [kernel.left, kernel.right].some((view) => view.buffer === buffer);
  return (
    !isFactor &&
    readsOf(kernel).every(
      (view) => (view.buffer !== buffer || isWhole(view)) && view.positions?.indices !== buffer,
    )
  );
}

/** What a kernel computes element by element. */
function resultsOf(kernel: Kernel): readonly Result[] {
  if (kernel.kind === 'loop') return kernel.results;
  return kernel.kind === 'contraction' ? (kernel.epilogue?.results ?? []) : [];
}

/** What it reads element by element. */
function readsOf(kernel: Kernel): readonly View[] {
  if (kernel.kind === 'loop') return kernel.reads;
  return kernel.kind === 'contraction' ? (kernel.epilogue?.reads ?? []) : [];
}

/** Whether a loop meets the elements of the buffer one by one in the order of memory, as it writes its results. */
function isWhole(view: View): boolean {
  return (
    view.offset === 0 &&
    view.positions === undefined &&
    isContiguous(view) &&
    view.shape.reduce((size, d) => size * d, 1) === view.buffer.size
  );
}
