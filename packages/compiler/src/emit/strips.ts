/** Emission of strips: a loop over the strips, in which each loop nest is called with the first of its rows. */
import type { Precision } from '../code/expression.ts';
import { sizeOfReal } from '../sizes.ts';
import type { StripNest, Strips } from '../lower/kernel.ts';
import type { View } from '../lower/view.ts';
import type { Callee, FunctionBuilder, Local } from '../wasm/function-builder.ts';
import { emitCopy } from './copies.ts';
import { emitFetch, fetchedRows } from './fetch.ts';
import { emitStrip } from './loop-nest.ts';

/** The rows of a loop nest that are in a strip. */
interface Rows {
  /** How many there are. */
  readonly count: number;
  /** How many rows of the strip are before them. */
  readonly skipped: number;
}

/**
 * Emits strips. Those in which every loop nest has all of its rows or none, one after the other, share their code.
 *
 * @param functionOf - adds a function to the module.
 */
export function emitStrips(
  run: FunctionBuilder,
  kernel: Strips,
  precision: Precision,
  importOf: (name: string) => number,
  functionOf: (emitted: FunctionBuilder) => Callee,
): void {
  const { strip, nests } = kernel;
  const known = nests.map(() => new Map<string, Callee>());
  const functionFor = (k: number, { count, skipped }: Rows): Callee => {
    const key = `${count} ${skipped}`;
    let callee = known[k]!.get(key);
    if (callee === undefined) {
      const nest = startingAt(nests[k]!, skipped, kernel);
      callee = functionOf(emitStrip(nest, count, kernel.short, precision, importOf));
      known[k]!.set(key, callee);
    }
    return callee;
  };
  /** Pushes the first row of a loop nest in the strip that begins at the row in a local. */
  const pushRow = (k: number, { skipped }: Rows, start: Local): FunctionBuilder => {
    const { first, lag } = nests[k]!;
    return run
      .get(start)
      .i32(skipped - lag - first)
      .op('i32.add');
  };
  const fetched = fetchedRows(kernel, ({ storage }) =>
    storage === 'real' ? sizeOfReal(precision) : 4,
  );
  const [start, row] = [run.local('i32'), run.local('i32')];
  for (const { from, to, rows } of segmentsOf(kernel)) {
    run.countedLoop(start, from * strip, to * strip, strip, () => {
      for (const each of fetched) {
        const { count } = rows[each.nest]!;
        if (count === 0) continue;
        pushRow(each.nest, rows[each.nest]!, start).set(row);
        emitFetch(run, each, row, count);
      }
      rows.forEach((each, k) => {
        if (each.count > 0) pushRow(k, each, start).call(functionFor(k, each));
      });
      moveKept(run, kernel, precision);
    });
  }
  run.release('i32', start);
  run.release('i32', row);
}

/** Strips one after the other in which every loop nest has the same of its rows. */
interface Segment {
  readonly from: number;
  to: number;
  readonly rows: readonly Rows[];
}

function segmentsOf({ rows, strip, nests }: Strips): Segment[] {
  const last = Math.max(...nests.map(({ lag }) => lag));
  const segments: Segment[] = [];
  for (let k = 0; k * strip < rows + last; k++) {
    const all = nests.map((nest) => rowsIn(nest, k * strip, strip));
    const before = segments.at(-1);
    if (before?.rows.every((each, j) => isSame(each, all[j]!)) === true) before.to = k + 1;
    else segments.push({ from: k, to: k + 1, rows: all });
  }
  return segments;
}

function rowsIn({ shape, first, lag }: StripNest, start: number, strip: number): Rows {
  const from = Math.max(first, start - lag);
  const to = Math.min(first + shape[0]!, start + strip - lag);
  return to <= from ? { count: 0, skipped: 0 } : { count: to - from, skipped: from - start + lag };
}

function isSame(left: Rows, right: Rows): boolean {
  return left.count === right.count && left.skipped === right.skipped;
}

/** A loop nest that skips some rows of each strip. */
function startingAt(nest: StripNest, skipped: number, { short }: Strips): StripNest {
  const moved = (view: View): View => {
    const { stride } = short.get(view.buffer) ?? { stride: 0 };
    return { ...view, offset: view.offset + skipped * stride };
  };
  const results = nest.results.map((result) => ({ ...result, write: moved(result.write) }));
  return { ...nest, reads: nest.reads.map(moved), results };
}

/** Moves the rows that the next strip meets as well to the beginning of their buffers. */
function moveKept(run: FunctionBuilder, { strip, short }: Strips, precision: Precision): void {
  const size = sizeOfReal(precision);
  for (const [{ address }, { stride, kept }] of short) {
    const bytes = stride * size;
    emitCopy(run, { address }, { address: address + strip * bytes }, kept * bytes);
  }
}
