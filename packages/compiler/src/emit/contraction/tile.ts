/**
 * A tile of a product: some rows by some vectors of columns of the result stay in registers while the inner dimension
 * runs. Each step loads the vectors of the right factor once, broadcasts one element of the left factor per row, and
 * adds the products; with 4 rows by 2 vectors that is 6 loads for 16 arithmetic instructions.
 *
 * Engines fold constant offsets into plain loads, but may give every offset of a broadcasting load a register of its
 * own; so the left factor's pointer moves with every step, and only the rows have offsets.
 */
import type { FunctionBuilder, Local } from '../../wasm/function-builder.ts';
import {
  addProducts,
  type Chunk,
  type Lanes,
  type Place,
  pushLoad,
  pushLocal,
  shifted,
  store,
} from './lanes.ts';
import { type Count, pushCount } from './walk.ts';

/** Steps along the inner dimension per turn of the loop; 16 rather than 8 gain 2 to 3 %, more nothing. */
export const UNROLL = 16;
/** Sums that keep the arithmetic busy and fit in registers. */
const SUMS = 8;

/** The inner dimension, or a block of it. */
export interface Inner {
  /** How many steps; at least 1. */
  readonly steps: Count;
  /** The same as turns of `TURN` steps and the steps after them, of which only the last block has any. */
  readonly turns: Count;
  readonly rest: number;
  /** Whether this is the first block, and the last, where that is known only when it runs. */
  readonly isFirst: Local | undefined;
  readonly isLast: Local | undefined;
}

/** Where the factors' elements are. */
export interface Factors {
  /** The left factor: bytes from row to row and from step to step. */
  readonly left: Place;
  readonly leftRow: number;
  readonly leftStep: number;
  /** The right factor: bytes from step to step; its columns lie side by side. */
  readonly right: Place;
  readonly rightStep: number;
  /** Whether vectors may be loaded whole even where fewer columns are wanted. */
  readonly padded: boolean;
  /** Where the vectors of the right factor are packed on the way; `undefined` if they need not be. */
  readonly target: Place | undefined;
}

/** Emits one tile; `finish` finds the sums in locals, by row and by chunk of columns. */
export function emitTile(
  code: FunctionBuilder,
  lanes: Lanes,
  steps: Count,
  factors: Factors,
  rows: number,
  chunks: readonly Chunk[],
  finish: (sums: readonly (readonly Local[])[]) => void,
): void {
  const { leftRow, leftStep, rightStep, padded } = factors;
  const ways = waysOf(rows * chunks.length, steps);
  const sums = Array.from({ length: rows }, () =>
    chunks.map(() => Array.from({ length: ways }, () => code.local('v128'))),
  );
  for (const sum of sums.flat(2)) code.v128(new Uint8Array(16)).set(sum);
  // The left pointer tells when all is done, unless it does not move: then steps are counted.
  const moves = leftStep !== 0;
  const [position, right, end] = [code.local('i32'), code.local('i32'), code.local('i32')];
  const left = moves ? { local: position, base: factors.left.base } : factors.left;
  const distance = moves ? leftStep : 1;
  pushLocal(code, moves ? factors.left : { local: undefined, base: 0 }).tee(position);
  pushCount(code, steps).i32(distance).op('i32.mul').op('i32.add').set(end);
  pushLocal(code, factors.right).set(right);
  const target = factors.target && { local: code.local('i32'), base: factors.target.base };
  if (target !== undefined) pushLocal(code, factors.target!).set(target.local);
  const targetStep = chunks.length * 16;
  const vectors = chunks.map(() => code.local('v128'));
  const element = code.local('v128');

  const step = (index: number): void => {
    const from = { local: right, base: factors.right.base + index * rightStep };
    chunks.forEach(({ first, lanes: count }, c) => {
      pushLoad(
        code,
        lanes,
        shifted(from, first * lanes.size),
        padded ? lanes.width : count,
        lanes.size,
      );
      code.set(vectors[c]!);
      if (target !== undefined)
        store(code, lanes, shifted(target, index * targetStep + c * 16), lanes.width, vectors[c]!);
    });
    sums.forEach((row, r) => {
      pushLocal(code, left)
        .memory(lanes.splat, left.base + r * leftRow)
        .set(element);
      const terms = row.map((sum, c) => ({
        sum: sum[index % ways]!,
        left: element,
        right: vectors[c]!,
      }));
      addProducts(code, lanes, terms);
    });
    code.get(position).i32(distance).op('i32.add').set(position);
  };
  const pushDone = (): void => {
    code.get(position).get(end).op('i32.eq');
  };
  const unroll = typeof steps === 'number' ? Math.min(UNROLL, steps) : UNROLL;
  code.unrolledLoop(unroll, step, pushDone, () => {
    code
      .get(right)
      .i32(unroll * rightStep)
      .op('i32.add')
      .set(right);
    if (target === undefined) return;
    code
      .get(target.local)
      .i32(unroll * targetStep)
      .op('i32.add')
      .set(target.local);
  });

  for (const local of [position, right, end]) code.release('i32', local);
  if (target !== undefined) code.release('i32', target.local);
  for (const local of [element, ...vectors]) code.release('v128', local);
  for (const [first, ...others] of sums.flat())
    for (const other of others) code.get(first!).get(other).op(lanes.add).set(first!);
  finish(sums.map((row) => row.map((sum) => sum[0]!)));
  for (const sum of sums.flat(2)) code.release('v128', sum);
}

/** Into how many sums each is taken apart, by steps: so many that the additions need not wait for each other. */
export function waysOf(sums: number, steps: Count): number {
  const most = typeof steps === 'number' ? steps / 4 : SUMS;
  return [8, 4, 2].find((ways) => ways * sums <= SUMS && ways <= most) ?? 1;
}
