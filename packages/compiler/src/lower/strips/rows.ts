/** Rows of loops, which are their leading axes seen as one, and the rows of buffers that they meet. */
import type { LoopNest } from '../kernel.ts';
import type { Positions, View } from '../view.ts';

/** The row of a buffer that a loop writes first. */
export function firstRow(view: View): number {
  const stride = distanceOfRows(view);
  return stride > 0 ? Math.floor(view.offset / stride) : 0;
}

/** Elements from row to row; a single row is followed by nothing. */
export function distanceOfRows(view: View): number {
  const [stride] = view.strides as [number];
  return stride === 0 && view.shape[0] === 1 ? widthOf(view) : stride;
}

/** Which rows of a buffer a loop that begins at the row `first` meets in its row, counted from that. */
export function rowsMet(
  view: View,
  first: number,
  stride: number,
): { readonly from: number; readonly to: number } {
  const { offset, positions } = view;
  const chosen = positions === undefined ? 0 : (positions.length - 1) * positions.stride;
  const last = offset + widthOf(view) - 1 + chosen;
  return { from: Math.floor(offset / stride) - first, to: Math.floor(last / stride) - first };
}

/** The ways to see leading axes as rows: how many there are, ascending. */
export function rowCounts({ shape, reduced }: LoopNest): number[] {
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
export function withRows(nest: LoopNest, rows: number): LoopNest | undefined {
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
export function widthOf({ shape, strides }: View): number {
  return shape.slice(1).reduce((last, d, k) => last + (d - 1) * Math.abs(strides[k + 1]!), 1);
}

/** Positions, all of which may be read in any row. */
export function wholeOf({ indices }: Positions): View {
  return { buffer: indices, offset: 0, shape: [indices.size], strides: [0] };
}

/** What a loop reads, then what it writes. */
export function viewsOf({ reads, results }: LoopNest): View[] {
  return [...reads, ...results.map(({ write }) => write)];
}
