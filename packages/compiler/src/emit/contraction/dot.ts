/**
 * Products as dot products: both factors are read along the inner dimension, which fits a right factor that lies
 * transposed in memory and is used by too few rows for packing to pay. The lanes of each sum hold partial sums; at
 * the end the lanes of several sums are added at once, by transposing.
 */
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import {
  addProducts,
  chunksOf,
  type Lanes,
  type Place,
  pushLoad,
  pushLocal,
  shifted,
} from './lanes.ts';
import { interleaved } from './pack.ts';
import { UNROLL, waysOf } from './tile.ts';

/** Where the factors' elements are: bytes from row to row, column to column, and step to step. */
export interface DotFactors {
  readonly left: Place;
  readonly leftRow: number;
  readonly leftStep: number;
  readonly right: Place;
  readonly rightColumn: number;
  /** The length of the inner dimension. */
  readonly steps: number;
}

/** Emits a tile of dot products; `finish` finds the sums, by row and by chunk of columns. */
export function emitDots(
  code: FunctionBuilder,
  lanes: Lanes,
  factors: DotFactors,
  rows: number,
  columns: number,
  finish: (sums: readonly (readonly Local[])[]) => void,
): void {
  const { leftRow, leftStep, rightColumn, steps } = factors;
  const whole = Math.floor(steps / lanes.width);
  const ways = waysOf(rows * columns, whole);
  const sums = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Array.from({ length: ways }, () => code.local('v128'))),
  );
  for (const sum of sums.flat(2)) code.v128(new Uint8Array(16)).set(sum);
  const elements = sums.map(() => code.local('v128'));
  const vector = code.local('v128');

  const step = (left: Place, right: Place, count: number, way: number): void => {
    elements.forEach((element, r) => {
      pushLoad(code, lanes, shifted(left, r * leftRow), count, leftStep);
      code.set(element);
    });
    for (let j = 0; j < columns; j++) {
      pushLoad(code, lanes, shifted(right, j * rightColumn), count, lanes.size);
      code.set(vector);
      const terms = sums.map((row, r) => ({
        sum: row[j]![way]!,
        left: elements[r]!,
        right: vector,
      }));
      addProducts(code, lanes, terms);
    }
  };
  const leftVector = lanes.width * leftStep;
  if (whole > 0) {
    const [left, right, end] = [code.local('i32'), code.local('i32'), code.local('i32')];
    pushLocal(code, factors.left).set(left);
    pushLocal(code, factors.right).tee(right);
    code
      .i32(whole * 16)
      .op('i32.add')
      .set(end);
    const unroll = Math.min(UNROLL, whole);
    code.unrolledLoop(
      unroll,
      (index) => {
        const from = { local: left, base: factors.left.base + index * leftVector };
        step(from, { local: right, base: factors.right.base }, lanes.width, index % ways);
        code.get(right).i32(16).op('i32.add').set(right);
      },
      () => code.get(right).get(end).op('i32.eq'),
      () => {
        code
          .get(left)
          .i32(unroll * leftVector)
          .op('i32.add')
          .set(left);
      },
    );
    for (const local of [left, right, end]) code.release('i32', local);
  }
  const rest = steps % lanes.width;
  if (rest > 0)
    step(
      shifted(factors.left, whole * leftVector),
      shifted(factors.right, whole * 16),
      rest,
      ways - 1,
    );
  for (const local of [vector, ...elements]) code.release('v128', local);

  for (const [first, ...others] of sums.flat()) {
    for (const other of others) code.get(first!).get(other).op(lanes.add).set(first!);
  }
  const chunks = chunksOf(columns, lanes);
  const totals = sums.map((row) =>
    chunks.map(({ first, lanes: count }) => {
      // The lanes of missing columns are whatever the first column's are; they are not stored.
      const parts = Array.from(
        { length: lanes.width },
        (_, j) => row[first + (j < count ? j : 0)]![0]!,
      );
      return addAcross(code, lanes, parts);
    }),
  );
  finish(totals);
  for (const local of [...sums.flat(2), ...totals.flat()]) code.release('v128', local);
}

/** A vector of which lane j is the sum of all lanes of vector j, in a new local. */
function addAcross(code: FunctionBuilder, lanes: Lanes, vectors: readonly Local[]): Local {
  const folded = (a: Local, b: Local, bytes: number): Local => {
    const made = code.local('v128');
    for (const high of [false, true]) code.get(a).get(b).shuffle(interleaved(bytes, high));
    code.op(lanes.add).set(made);
    return made;
  };
  const [a, b, c, d] = vectors as [Local, Local, Local, Local];
  if (lanes.width === 2) return folded(a, b, 8);
  const halves = [folded(a, b, 4), folded(c, d, 4)] as const;
  const result = folded(...halves, 8);
  for (const half of halves) code.release('v128', half);
  return result;
}
