/**
 * Loop blocking. Loops that run one after the other over the same rows are run strip by strip: all of them over the
 * first few rows, then over the next, so that what one loop leaves for another, or for memory that another writes too,
 * is still in the first cache. An array that nobody reads after the last of them is as long as a strip, not as the loop.
 *
 * Rows are the leading axes of a loop, seen as one; they are not reduced. Invariant: of an array that one of the loops
 * writes, each of them meets in row i what belongs to row i alone, so a strip depends on no other, and within a strip
 * everything happens in the order in which it would have happened anyway.
 */
import { sizeOf } from '@ad/graph';
import { buffersRead, buffersWritten, type Kernel, type LoopNest, type Strips } from './kernel.ts';
import type { Buffer, View } from './view.ts';

/** Bytes that a strip touches, if its rows are short enough: the first cache has 32 KiB or more. */
const STRIP_BYTES = 24 * 2 ** 10;

/** The most that it may touch: the second cache has 256 KiB or more. */
const MAX_STRIP_BYTES = 192 * 2 ** 10;

/** What all strips together touch at least: less stays in the second cache anyway. */
const MIN_BYTES = 128 * 2 ** 10;

/** Elements that a loop should have in a strip, so that it does not end before it has begun. */
const STRIP_ELEMENTS = 16;

/**
 * The kernels, with runs of loops in strips where that keeps them in the first cache.
 *
 * @param kept - buffers that others look at.
 * @param places - buffers that are in the place of another.
 * @param elementSize - bytes of a number.
 */
export function inStrips(
  kernels: readonly Kernel[],
  kept: ReadonlySet<Buffer>,
  places: ReadonlyMap<Buffer, Buffer>,
  elementSize: number,
): Kernel[] {
  const result: Kernel[] = [];
  /** By position in the result. */
  const runs = new Map<number, Run>();
  for (let i = 0; i < kernels.length;) {
    const { run, next } = longestRun(kernels, i, places, elementSize);
    if (run === undefined) {
      result.push(...kernels.slice(i, next));
      i = next;
    } else {
      runs.set(result.push(kernels[i]!) - 1, run);
      i += run.nests.length;
    }
  }
  if (runs.size === 0) return result;
  const outside = new Set<Buffer>(kept);
  const seen = new Set<Buffer>();
  result.forEach((kernel, at) => {
    const run = runs.get(at);
    const touched = run === undefined ? buffersOf(kernel) : run.nests.flatMap(buffersOf);
    for (const buffer of new Set(touched)) {
      if (seen.has(buffer) || run === undefined) outside.add(buffer);
      seen.add(buffer);
    }
  });
  for (const [at, run] of runs) result[at] = finished(run, outside, places);
  return result;
}

/** Loops over the same rows. */
interface Run {
  readonly rows: number;
  readonly strip: number;
  /** The rows are their first axis. */
  readonly nests: readonly LoopNest[];
}

/** What the loops of a run do with a buffer. */
interface Access {
  /** Elements from row to row in the first view, and in the widest. */
  readonly stride: number;
  width: number;
  /** The same distance between rows for all, each within the room of a row. */
  isAligned: boolean;
  isWritten: boolean;
}

/** What is known of the loops of a run that has not ended. */
class OpenRun {
  readonly rows: number;
  readonly nests: LoopNest[] = [];
  readonly #places: ReadonlyMap<Buffer, Buffer>;
  readonly #elementSize: number;
  readonly #accesses = new Map<Buffer, Access>();
  /** Elements of a row of all buffers, and of all accesses to them. */
  #width = 0;
  #touched = 0;
  /** Elements that a loop has in a row, at least. */
  #shortest = Infinity;

  constructor(rows: number, places: ReadonlyMap<Buffer, Buffer>, elementSize: number) {
    this.rows = rows;
    this.#places = places;
    this.#elementSize = elementSize;
  }

  /** Takes in the next loop, if it keeps to its rows and they are not too long. */
  take(nest: LoopNest): boolean {
    const byRows = withRows(nest, this.rows);
    if (byRows === undefined) return false;
    let isApart = true;
    const meet = (view: View, writes: boolean): void => {
      const access = this.#accessTo(this.#places.get(view.buffer) ?? view.buffer, view);
      access.isWritten ||= writes;
      if (access.isWritten && !access.isAligned) isApart = false;
    };
    for (const view of byRows.reads) meet(view, false);
    for (const { write } of byRows.results) meet(write, true);
    this.nests.push(byRows);
    this.#shortest = Math.min(this.#shortest, sizeOf(byRows.shape) / this.rows);
    return isApart && this.#bytesOfRow * this.#fewestRows <= MAX_STRIP_BYTES;
  }

  /** The number of loops if strips are of use: some rows are met again, and not all of them stay in the cache anyway. */
  get usefulLength(): number {
    const isShared = this.#touched > this.#width;
    const isLarge = this.#bytesOfRow * this.rows >= MIN_BYTES && this.strip < this.rows;
    return isShared && isLarge && this.nests.length > 1 ? this.nests.length : 0;
  }

  /** Rows of a strip. */
  get strip(): number {
    const fit = Math.max(this.#fewestRows, Math.floor(STRIP_BYTES / this.#bytesOfRow));
    return fit >= 8 ? fit - (fit % 8) : fit;
  }

  get #bytesOfRow(): number {
    return this.#width * this.#elementSize;
  }

  /** Rows of which even the loop with the shortest rows has some elements. */
  get #fewestRows(): number {
    return Math.ceil(STRIP_ELEMENTS / this.#shortest);
  }

  #accessTo(buffer: Buffer, view: View): Access {
    const stride = view.strides[0]!;
    const known = this.#accesses.get(buffer);
    const access = known ?? { stride, width: 0, isAligned: true, isWritten: false };
    access.isAligned &&= stride === access.stride && staysInRow(view);
    const width = Math.max(access.width, Math.abs(stride));
    this.#width += width - access.width;
    access.width = width;
    this.#touched += widthOf(view);
    this.#accesses.set(buffer, access);
    return access;
  }
}

/** The longest run of useful strips that starts here, if there is one, and where to search if there is none. */
function longestRun(
  kernels: readonly Kernel[],
  start: number,
  places: ReadonlyMap<Buffer, Buffer>,
  elementSize: number,
): { readonly run: Run | undefined; readonly next: number } {
  const first = kernels[start]!;
  const counts = first.kind === 'loop' ? rowCounts(first) : [];
  let open = counts.map((rows) => new OpenRun(rows, places, elementSize));
  let best: (Pick<Run, 'strip'> & { readonly run: OpenRun; readonly length: number }) | undefined;
  let end = start;
  for (; end < kernels.length && open.length > 0; end++) {
    const kernel = kernels[end]!;
    open = kernel.kind === 'loop' ? open.filter((run) => run.take(kernel)) : [];
    if (open.length === 0) break;
    // Of runs equally long, the one with most rows.
    for (const run of open) {
      const length = run.usefulLength;
      if (length > 0) best = { run, length, strip: run.strip };
    }
  }
  const run = best && {
    rows: best.run.rows,
    strip: best.strip,
    nests: best.run.nests.slice(0, best.length),
  };
  // In vain: a search from halfway may find loops that the first of these kept apart, and all searches are linear.
  return { run, next: start + Math.max(1, Math.floor((end - start) / 2)) };
}

/** The ways to see leading axes as rows: how many there are, ascending. */
function rowCounts({ shape, reduced }: LoopNest): number[] {
  const counts = new Set<number>();
  let rows = 1;
  for (const [axis, length] of shape.entries()) {
    if (reduced[axis]) break;
    rows *= length;
    if (rows > 1) counts.add(rows);
  }
  return [...counts];
}

/** The loop with so many rows as its first axis. */
function withRows(nest: LoopNest, rows: number): LoopNest | undefined {
  let end = 0;
  let count = 1;
  while (count < rows && end < nest.shape.length) {
    if (nest.reduced[end]) return undefined;
    count *= nest.shape[end]!;
    end++;
  }
  if (count !== rows) return undefined;
  const merged = new Map<View, View>();
  for (const view of viewsOf(nest)) {
    const stride = rowStride(view, nest, end);
    if (stride === undefined) return undefined;
    const shape = [rows, ...nest.shape.slice(end)];
    const strides = [stride, ...view.strides.slice(end)];
    const axis = Math.max(0, (view.positions?.axis ?? 0) - end + 1);
    const positions = view.positions && { ...view.positions, axis };
    merged.set(view, { ...view, shape, strides, ...(positions && { positions }) });
  }
  return {
    ...nest,
    shape: [rows, ...nest.shape.slice(end)],
    reduced: [false, ...nest.reduced.slice(end)],
    reads: nest.reads.map((view) => merged.get(view)!),
    results: nest.results.map((result) => ({ ...result, write: merged.get(result.write)! })),
  };
}

/** How far apart rows are, if the leading axes of a view can be seen as one. */
function rowStride(view: View, { shape }: LoopNest, end: number): number | undefined {
  // Rows that positions choose are rows of one axis.
  if (end > 1 && view.positions !== undefined && view.positions.axis < end) return undefined;
  let stride: number | undefined;
  let inner = 1;
  for (let axis = end - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    const wanted = stride === undefined ? view.strides[axis]! : stride * inner;
    if (view.strides[axis] !== wanted) return undefined;
    stride ??= view.strides[axis]!;
    inner *= shape[axis]!;
  }
  return stride;
}

/** Elements from the first to the last of a row, and whether they are all within the room of a row. */
function widthOf({ shape, strides }: View): number {
  return shape.slice(1).reduce((last, d, k) => last + (d - 1) * Math.abs(strides[k + 1]!), 1);
}

function staysInRow(view: View): boolean {
  const [stride, ...inner] = view.strides;
  return inner.every((each) => each >= 0) && view.offset + widthOf(view) <= stride!;
}

/** A run as a kernel: what nobody outside looks at is one strip long. */
function finished(
  { rows, strip, nests }: Run,
  outside: ReadonlySet<Buffer>,
  places: ReadonlyMap<Buffer, Buffer>,
): Strips {
  const short = new Map<Buffer, Buffer>();
  for (const { write } of nests.flatMap(({ results }) => results)) {
    const { buffer, strides } = write;
    const isWhole = buffer.size === strides[0]! * rows;
    if (outside.has(buffer) || places.has(buffer) || !isWhole) continue;
    short.set(buffer, { ...buffer, size: strides[0]! * strip });
  }
  const shortened = (view: View): View => {
    const buffer = short.get(view.buffer);
    return buffer === undefined ? view : { ...view, buffer };
  };
  return {
    kind: 'strips',
    rows,
    strip,
    short: new Set(short.values()),
    nests: nests.map((nest) => ({
      ...nest,
      reads: nest.reads.map(shortened),
      results: nest.results.map((result) => ({ ...result, write: shortened(result.write) })),
    })),
  };
}

function viewsOf({ reads, results }: LoopNest): View[] {
  return [...reads, ...results.map(({ write }) => write)];
}

function buffersOf(kernel: Kernel): Buffer[] {
  return [...buffersRead(kernel), ...buffersWritten(kernel)];
}
