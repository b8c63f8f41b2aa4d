/**
 * Entries of stacks where they lie. What a step of a scan reads from a stack, or leaves in one, is an entry of it. Loops
 * read and write it there: such a buffer moves along with the steps, and an integer in memory says which entry it is.
 * Other kernels need an address that stays, so what they read or write is copied.
 */
import type { Entries } from '@ad/graph';
import { buffersRead, buffersWritten, type Kernel } from './kernel.ts';
import { type Buffer, newBuffer, type View } from './view.ts';

/** The buffers of the body of a scan that stand for values outside of it; `undefined` where nobody needs one. */
export interface BodyBuffers {
  /** Those that are filled before each step: the index, nothing for the carries, then entries of arrays. */
  readonly inputs: readonly (Buffer | undefined)[];
  readonly carries: readonly Buffer[];
  /** The new carries, then what is stacked up. */
  readonly outputs: readonly (Buffer | undefined)[];
}

/** The kernels of a body on entries of stacks, and the buffers that are still filled or copied. */
interface OnEntries extends BodyBuffers {
  readonly kernels: readonly Kernel[];
  readonly entries: Entries;
  /** All of the entries. */
  readonly buffers: ReadonlySet<Buffer>;
}

/**
 * Puts entries of stacks in the place of buffers that only loops read and write.
 *
 * @param isStacked - by carry: whether its values before all steps are wanted.
 */
export function onEntries(
  kernels: readonly Kernel[],
  { inputs, carries, outputs }: BodyBuffers,
  isStacked: readonly boolean[],
): OnEntries {
  const others = kernels.filter(({ kind }) => kind !== 'loop');
  const fixed = new Set(others.flatMap((each) => buffersRead(each).concat(buffersWritten(each))));
  const canMove = (buffer: Buffer | undefined): buffer is Buffer =>
    buffer !== undefined && !fixed.has(buffer);
  /** A value that is an output twice, or an integer that becomes a number, is copied. */
  const canLeave = (buffer: Buffer | undefined): buffer is Buffer =>
    canMove(buffer) &&
    buffer.storage === 'real' &&
    outputs.filter((other) => other === buffer).length === 1;

  const at = newBuffer(0, 1, 'integer');
  const made = new Map<Buffer, Buffer>();
  const entryFor = (buffer: Buffer): Buffer => {
    const entry = { ...buffer, entryAt: at };
    made.set(buffer, entry);
    return entry;
  };
  const first = 1 + carries.length;
  const entries: Entries = {
    at,
    scanned: inputs.slice(first).map((each) => (canMove(each) ? entryFor(each) : undefined)),
    carries: carries.map((from, j) => {
      const to = outputs[j];
      const isEntry = isStacked[j] === true && canMove(from) && canLeave(to);
      return isEntry ? [entryFor(from), entryFor(to)] : undefined;
    }),
    stacked: outputs
      .slice(carries.length)
      .map((each) => (canLeave(each) ? entryFor(each) : undefined)),
  };
  const copied = (buffer: Buffer | undefined): Buffer | undefined =>
    buffer !== undefined && made.has(buffer) ? undefined : buffer;
  return {
    kernels: kernels.map((kernel) => replacedIn(kernel, made)),
    inputs: inputs.map(copied),
    carries,
    outputs: outputs.map(copied),
    entries,
    buffers: new Set(made.values()),
  };
}

function replacedIn(kernel: Kernel, others: ReadonlyMap<Buffer, Buffer>): Kernel {
  if (kernel.kind !== 'loop') return kernel;
  const inPlace = (buffer: Buffer): Buffer => others.get(buffer) ?? buffer;
  const replaced = ({ positions, ...view }: View): View => ({
    ...view,
    buffer: inPlace(view.buffer),
    ...(positions && { positions: { ...positions, indices: inPlace(positions.indices) } }),
  });
  return {
    ...kernel,
    reads: kernel.reads.map(replaced),
    results: kernel.results.map((result) => ({ ...result, write: replaced(result.write) })),
  };
}
