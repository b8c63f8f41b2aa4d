/**
 * Loop blocking. Loops that run one after the other over the same rows are run strip by strip: all of them over the
 * first few rows, then over the next, so that what one loop leaves for another, or for memory that another writes too,
 * is still in the first cache. An array that nobody reads after the last of them is as long as a strip, not as the loop.
 *
 * Rows are the leading axes of a loop, seen as one; they are not reduced. A loop may begin at a later row and end at an
 * earlier one than others. Of an array that one of the loops writes, each of them meets in row i rows at a constant
 * distance of i. A loop that meets rows further on than those which another has computed lags behind it by as many rows,
 * and so does one that writes over rows which another has yet to read (shift-and-peel, Manjikian and Abdelrahman 1997).
 * Invariant: so whatever is read has been written, or not yet, as if the loops ran one after the other.
 */
import { sizeOf } from '@ad/graph';
import {
  buffersRead,
  buffersWritten,
  type Kernel,
  type LoopNest,
  type Short,
  type StripNest,
  type Strips,
} from './kernel.ts';
import type { Buffer, Positions, View } from './view.ts';

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
  readonly nests: readonly StripNest[];
}

/** What the loops of a run do with a buffer. */
interface Access {
  /** Elements from row to row in the first view, and in the widest. */
  readonly stride: number;
  width: number;
  /** Whether all views have this distance between rows. */
  isAligned: boolean;
  /** How many rows before the end of a strip the first row is that a loop has still to read, and to write. */
  toRead: number;
  toWrite: number;
}

/** What is known of the loops of a run that has not ended. */
class OpenRun {
  readonly nests: StripNest[] = [];
  /** Rows that any loop meets. */
  rows = 0;
  /** The rows of the first loop, and whether they are its first axis. */
  readonly #count: number;
  readonly #isFirstAxis: boolean;
  readonly #places: ReadonlyMap<Buffer, Buffer>;
  readonly #elementSize: number;
  readonly #accesses = new Map<Buffer, Access>();
  /** Elements of a row of all buffers, and of all accesses to them. */
  #width = 0;
  #touched = 0;
  /** Elements that a loop has in a row, at least. */
  #shortest = Infinity;

  constructor(
    count: number,
    isFirstAxis: boolean,
    places: ReadonlyMap<Buffer, Buffer>,
    elementSize: number,
  ) {
    this.#count = count;
    this.#isFirstAxis = isFirstAxis;
    this.#places = places;
    this.#elementSize = elementSize;
  }

  /** Takes in the next loop, if it keeps its distance from the rows of others and they are not too long. */
  take(nest: LoopNest): boolean {
    const byRows = withRows(nest, this.#count) ?? this.#byFirstAxis(nest);
    if (byRows === undefined) return false;
    const first = firstRow(byRows.results[0]!.write);
    const positions = byRows.reads.flatMap((view) => view.positions ?? []);
    const views = [...positions.map(wholeOf), ...viewsOf(byRows)];
    const met = views.map((view, k) => {
      const access = this.#accessTo(view);
      const isWritten = k >= positions.length + byRows.reads.length;
      const rows = rowsMet(view, first, access.stride);
      return { access, isWritten, rows, width: widthOf(view) };
    });
    let lag = 0;
    for (const { access, isWritten, width, rows } of met) {
      const { from, to } = rows;
      if (access.isAligned) {
        lag = Math.max(lag, access.toWrite + to, isWritten ? access.toRead + from : 0);
        // Too far away to be in the cache at the same time.
        if (Math.abs(from) > this.strip) this.#width += width;
      } else if (isWritten || access.toWrite > -Infinity) {
        return false;
      }
    }
    if (lag > this.strip) return false;
    for (const { access, isWritten, rows } of met) {
      if (isWritten) access.toWrite = Math.max(access.toWrite, lag - rows.from);
      else access.toRead = Math.max(access.toRead, lag - rows.from);
    }
    const count = byRows.shape[0]!;
    this.nests.push({ ...byRows, first, lag });
    this.rows = Math.max(this.rows, first + count);
    this.#shortest = Math.min(this.#shortest, sizeOf(byRows.shape) / count);
    return this.#bytesOfRow * this.#fewestRows <= MAX_STRIP_BYTES;
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

  /** A loop with another number of rows: one that has to do with those before, or has about as many. */
  #byFirstAxis(nest: LoopNest): LoopNest | undefined {
    const count = nest.shape[0] ?? 0;
    const isAlike = 2 * count > this.#count && count < 2 * this.#count;
    const joins = isAlike || viewsOf(nest).some((view) => this.#accesses.has(this.#bufferOf(view)));
    return this.#isFirstAxis && joins && nest.reduced[0] === false ? nest : undefined;
  }

  #bufferOf({ buffer }: View): Buffer {
    return this.#places.get(buffer) ?? buffer;
  }

  #accessTo(view: View): Access {
    const buffer = this.#bufferOf(view);
    const stride = distanceOfRows(view);
    const known = this.#accesses.get(buffer);
    const access = known ?? {
      stride,
      width: 0,
      isAligned: stride > 0,
      toRead: -Infinity,
      toWrite: -Infinity,
    };
    access.isAligned &&= stride === access.stride || view.shape[0] === 1;
    access.isAligned &&= view.positions?.axis !== 0 && view.strides.every((each) => each >= 0);
    const width = Math.max(access.width, Math.abs(stride));
    this.#width += width - access.width;
    access.width = width;
    this.#touched += widthOf(view);
    this.#accesses.set(buffer, access);
    return access;
  }
}

/** The row of a buffer that a loop writes first. */
function firstRow(view: View): number {
  const stride = distanceOfRows(view);
  return stride > 0 ? Math.floor(view.offset / stride) : 0;
}

/** Elements from row to row; a single row is followed by nothing. */
function distanceOfRows(view: View): number {
  const [stride] = view.strides as [number];
  return stride === 0 && view.shape[0] === 1 ? widthOf(view) : stride;
}

/** Which rows of a buffer a loop that begins at the row `first` meets in its row, counted from that. */
function rowsMet(
  view: View,
  first: number,
  stride: number,
): { readonly from: number; readonly to: number } {
  const { offset, positions } = view;
  const chosen = positions === undefined ? 0 : (positions.length - 1) * positions.stride;
  const last = offset + widthOf(view) - 1 + chosen;
  return { from: Math.floor(offset / stride) - first, to: Math.floor(last / stride) - first };
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
  let open = counts.map((rows, k) => new OpenRun(rows, k === 0, places, elementSize));
  let best: (Pick<Run, 'rows' | 'strip'> & { run: OpenRun; length: number }) | undefined;
  let end = start;
  for (; end < kernels.length && open.length > 0; end++) {
    const kernel = kernels[end]!;
    open = kernel.kind === 'loop' ? open.filter((run) => run.take(kernel)) : [];
    if (open.length === 0) break;
    // Of runs equally long, the one with most rows.
    for (const run of open) {
      const length = run.usefulLength;
      if (length > 0) best = { run, length, rows: run.rows, strip: run.strip };
    }
  }
  const run = best && {
    rows: best.rows,
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

/** Elements from the first to the last of a row. */
function widthOf({ shape, strides }: View): number {
  return shape.slice(1).reduce((last, d, k) => last + (d - 1) * Math.abs(strides[k + 1]!), 1);
}

/** Positions, all of which may be read in any row. */
function wholeOf({ indices }: Positions): View {
  return { buffer: indices, offset: 0, shape: [indices.size], strides: [0] };
}

/** A run as a kernel: what nobody outside looks at is one strip long. */
function finished(
  { rows, strip, nests }: Run,
  outside: ReadonlySet<Buffer>,
  places: ReadonlyMap<Buffer, Buffer>,
): Strips {
  const windows = new Map<Buffer, Window>();
  for (const nest of nests) {
    for (const { write } of nest.results) {
      const { buffer } = write;
      if (outside.has(buffer) || places.has(buffer)) continue;
      windows.set(
        buffer,
        windows.get(buffer) ?? { stride: distanceOfRows(write), before: 0, after: 0 },
      );
    }
  }
  for (const nest of nests) {
    for (const view of viewsOf(nest)) {
      const window = windows.get(view.buffer);
      if (window === undefined) continue;
      const { from, to } = rowsMet(view, nest.first, window.stride);
      window.before = Math.max(window.before, nest.lag - from);
      window.after = Math.max(window.after, to - nest.lag);
    }
  }
  const short = new Map<Buffer, Short>();
  const shortFor = new Map<Buffer, Buffer>();
  for (const [buffer, { stride, before, after }] of windows) {
    const kept = before + after;
    const size = stride * (strip + kept);
    if (kept > strip || size >= buffer.size) continue;
    const made = { ...buffer, size };
    shortFor.set(buffer, made);
    short.set(made, { stride, kept });
  }
  /** A view as it is in a strip that the loop meets in full. */
  const shortened = (view: View, { first, lag }: StripNest): View => {
    const buffer = shortFor.get(view.buffer);
    if (buffer === undefined) return view;
    const { stride, before } = windows.get(view.buffer)!;
    return { ...view, buffer, offset: view.offset + (before - lag - first) * stride };
  };
  return {
    kind: 'strips',
    rows,
    strip,
    short,
    nests: nests.map((nest) => ({
      ...nest,
      reads: nest.reads.map((view) => shortened(view, nest)),
      results: nest.results.map((result) => ({
        ...result,
        write: shortened(result.write, nest),
      })),
    })),
  };
}

/** What of a buffer is met in a strip: its rows, and some before and after it. */
interface Window {
  /** Elements from row to row. */
  readonly stride: number;
  before: number;
  after: number;
}

function viewsOf({ reads, results }: LoopNest): View[] {
  return [...reads, ...results.map(({ write }) => write)];
}

function buffersOf(kernel: Kernel): Buffer[] {
  return [...buffersRead(kernel), ...buffersWritten(kernel)];
}
