/**
 * Packing: a factor is rearranged into panels, each some columns wide, in which the steps of the inner dimension
 * follow each other without gaps. A tile then walks one pointer through memory that lies together, wherever the
 * elements came from: transposed factors are transposed on the way, in blocks that fit in registers.
 */
import { TURN } from '../../lower/product-plan.ts';
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { type Chunk, type Lanes, type Place, pushLoad, pushLocal, shifted } from './lanes.ts';
import type { Inner } from './tile.ts';
import { type Count, walk } from './walk.ts';

/** A matrix to be packed, and where to. */
export interface Packing {
  readonly source: Place;
  /** Bytes from step to step of the inner dimension, and from column to column. */
  readonly step: number;
  readonly column: number;
  /** The panels, how wide each is, and the columns they take as vectors. */
  readonly panels: Count;
  readonly columns: number;
  readonly chunks: readonly Chunk[];
  /** Where the panels go, and bytes from one to the next. */
  readonly target: Place;
  readonly panelBytes: number;
}

/** Bytes that one step takes in a panel: whole vectors. */
function stepBytes(chunks: readonly Chunk[]): number {
  return chunks.length * 16;
}

/** Emits the packing of a block. */
export function emitPacking(
  code: FunctionBuilder,
  lanes: Lanes,
  inner: Inner,
  packing: Packing,
): void {
  const { source, step, column, panels, columns, chunks, target, panelBytes } = packing;
  const transposes = step === lanes.size && column !== lanes.size;
  const row = stepBytes(chunks);
  const pack = (steps: number, from: Place, to: Place): void => {
    chunks.forEach(({ first, lanes: count }, c) => {
      const corner = shifted(from, first * column);
      const aim = shifted(to, c * 16);
      for (let s = 0; s < steps;) {
        const [start, goal] = [shifted(corner, s * step), shifted(aim, s * row)];
        if (transposes && s + lanes.width <= steps) {
          packTransposed(code, lanes, start, column, count, goal, row);
          s += lanes.width;
        } else {
          pushLocal(code, goal);
          pushLoad(code, lanes, start, count, column);
          code.memory('v128.store', goal.base);
          s++;
        }
      }
    });
  };
  const { turns, rest, isLast } = inner;
  walk(code, panels, [source, target], [columns * column, panelBytes], (panel) => {
    walk(
      code,
      turns,
      panel,
      [TURN * step, TURN * row],
      ([from, to]) => pack(TURN, from!, to!),
      ([from, to]) => {
        if (rest === 0) return;
        if (isLast === undefined) pack(rest, from!, to!);
        else code.get(isLast).if(() => pack(rest, from!, to!));
      },
    );
  });
}

/** A square of elements: loads along the inner dimension, stores across it. Columns that are missing are 0. */
function packTransposed(
  code: FunctionBuilder,
  lanes: Lanes,
  from: Place,
  column: number,
  count: number,
  to: Place,
  row: number,
): void {
  const loaded = Array.from({ length: lanes.width }, (_, j): Local => {
    const vector = code.local('v128');
    if (j < count) pushLoad(code, lanes, shifted(from, j * column), lanes.width, lanes.size);
    else code.v128(new Uint8Array(16));
    code.set(vector);
    return vector;
  });
  const transposed = transpose(code, lanes, loaded);
  transposed.forEach((vector, s) => {
    pushLocal(code, to)
      .get(vector)
      .memory('v128.store', to.base + s * row);
  });
  for (const vector of new Set([...loaded, ...transposed])) code.release('v128', vector);
}

/** Rows become columns: as many vectors as a vector has lanes, in new locals. */
function transpose(
  code: FunctionBuilder,
  lanes: Lanes,
  vectors: readonly Local[],
): readonly Local[] {
  const pairs = (a: Local, b: Local, bytes: number, high: boolean): Local => {
    const made = code.local('v128');
    code.get(a).get(b).shuffle(interleaved(bytes, high)).set(made);
    return made;
  };
  const [a, b, c, d] = vectors as [Local, Local, Local, Local];
  if (lanes.width === 2) return [pairs(a, b, 8, false), pairs(a, b, 8, true)];
  const halves = [false, true].map((high) => [pairs(a, b, 4, high), pairs(c, d, 4, high)] as const);
  const result = halves.flatMap(([left, right]) =>
    [false, true].map((high) => pairs(left, right, 8, high)),
  );
  for (const half of halves.flat()) code.release('v128', half);
  return result;
}

/** Elements of `bytes` bytes taken in turn from the low, or high, halves of two vectors. */
export function interleaved(bytes: number, high: boolean): number[] {
  return Array.from({ length: 16 }, (_, i) => {
    const element = Math.floor(i / bytes);
    const start = (Math.floor(element / 2) + (high ? 8 / bytes : 0)) * bytes;
    return start + (i % bytes) + (element % 2) * 16;
  });
}
