/**
 * Products as dot products: both factors are read along the inner dimension, which fits a right factor that lies
 * transposed in memory and is used by too few rows for packing to pay. The lanes of each sum hold partial sums; at
 * the end the lanes of several sums are added at once, by transposing.
 */
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import { chunksOf, type Lanes, type Place, pushLoad, shifted } from './lanes.ts';
import { interleaved } from './pack.ts';
import { walk } from './walk.ts';

/** Sums that are enough to keep the arithmetic busy: fewer are taken apart into several. */
const BUSY = 6;

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
  const ways = rows * columns >= BUSY ? 1 : rows * columns >= BUSY / 2 ? 2 : 4;
  const sums = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Array.from({ length: ways }, () => code.local('v128'))),
  );
  for (const sum of sums.flat(2)) code.v128(new Uint8Array(16)).set(sum);

  const step = (left: Place, right: Place, count: number, way: number): void => {
    const elements = sums.map((_, r) => {
      const element = code.local('v128');
      pushLoad(code, lanes, shifted(left, r * leftRow), count, leftStep);
      code.set(element);
      return element;
    });
    const vector = code.local('v128');
    for (let j = 0; j < columns; j++) {
      pushLoad(code, lanes, shifted(right, j * rightColumn), count, lanes.size);
      code.set(vector);
      sums.forEach((row, r) => {
        const sum = row[j]![way]!;
        code.get(sum).get(elements[r]!).get(vector).op(lanes.mul).op(lanes.add).set(sum);
      });
    }
    for (const local of [vector, ...elements]) code.release('v128', local);
  };
  const whole = steps - (steps % (lanes.width * ways));
  const distances = [lanes.width * ways * leftStep, lanes.width * ways * lanes.size];
  const at = ([left, right]: readonly Place[], chunk: number): [Place, Place] => [
    shifted(left!, chunk * lanes.width * leftStep),
    shifted(right!, chunk * 16),
  ];
  walk(
    code,
    whole / (lanes.width * ways),
    [factors.left, factors.right],
    distances,
    (places) => {
      for (let way = 0; way < ways; way++) step(...at(places, way), lanes.width, way);
    },
    (places) => {
      chunksOf(steps - whole, lanes).forEach((chunk, way) => {
        step(...at(places, way), chunk.lanes, way);
      });
    },
  );

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
