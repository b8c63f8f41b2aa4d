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
import {
  buffersRead,
  buffersWritten,
  type Kernel,
  type Short,
  type StripNest,
  type Strips,
} from './kernel.ts';
import { distanceOfRows, rowsMet, viewsOf } from './strips/rows.ts';
import { longestRun, MIN_BYTES, type Run } from './strips/run.ts';
import type { Buffer, View } from './view.ts';

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
): readonly Kernel[] {
  if (elementsTouched(kernels) * elementSize < MIN_BYTES) return kernels;
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

/** Elements of all buffers that loops touch, counted once for each view of them: strips hardly touch more. */
function elementsTouched(kernels: readonly Kernel[]): number {
  let elements = 0;
  for (const kernel of kernels) {
    if (kernel.kind !== 'loop') continue;
    for (const { buffer } of kernel.reads) elements += buffer.size;
    for (const { write } of kernel.results) elements += write.buffer.size;
  }
  return elements;
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

function buffersOf(kernel: Kernel): Buffer[] {
  return [...buffersRead(kernel), ...buffersWritten(kernel)];
}
