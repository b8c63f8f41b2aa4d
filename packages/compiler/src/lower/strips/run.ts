/**
 * Runs of loops that strips are of use for: which loops one after the other keep their distance from the rows of each
 * other, how far each has to lag behind, and how many rows of all of them stay in the first cache.
 */
import { sizeOf } from '@ad/graph';
import type { Kernel, LoopNest, StripNest } from '../kernel.ts';
import type { Buffer, View } from '../view.ts';
import {
  distanceOfRows,
  firstRow,
  rowCounts,
  rowsMet,
  viewsOf,
  wholeOf,
  widthOf,
  withRows,
} from './rows.ts';

/** Bytes that a strip touches, if its rows are short enough: the first cache has 32 KiB or more. */
const STRIP_BYTES = 24 * 2 ** 10;

/** The most that it may touch: the second cache has 256 KiB or more. */
const MAX_STRIP_BYTES = 192 * 2 ** 10;

/** What all strips together touch at least: less stays in the second cache anyway. */
export const MIN_BYTES: number = 128 * 2 ** 10;

/** Elements that a loop should have in a strip, so that it does not end before it has begun. */
const STRIP_ELEMENTS = 16;

/** Loops over the same rows. */
export interface Run {
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

/** The longest run of useful strips that starts here, if there is one, and where to search if there is none. */
export function longestRun(
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
