/**
 * How a product is computed: which way round, in tiles or by dot products, what is packed, and in which blocks.
 * Decided from shapes and strides alone, before anything has an address, because packing needs scratch memory.
 */
import type { Region } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { lanesOfVector, sizeOfReal } from '../sizes.ts';
import type { View } from './view.ts';

/** The views of a product; `others` are read when results are stored. */
export interface Operands {
  readonly left: View;
  readonly right: View;
  readonly result: View;
  readonly others: readonly View[];
}

/** A stack of matrices: bytes from row to row, from column to column, and along all axes. */
export interface Strides {
  readonly row: number;
  readonly column: number;
  /** By axis, those of the stack first. */
  readonly stack: readonly number[];
}

/** Rows of the result that make tiles of the same height. */
export interface RowGroup {
  readonly rows: number;
  readonly count: number;
}

/** What to do. */
export interface ProductPlan {
  /** The sizes: [n, k] times [k, m]. */
  readonly n: number;
  readonly k: number;
  readonly m: number;
  /** The axes of the stack. */
  readonly stack: readonly number[];
  /** Whether left and right are exchanged, and all matrices transposed. */
  readonly swapped: boolean;
  readonly left: Strides;
  readonly right: Strides;
  readonly result: Strides;
  readonly others: readonly Strides[];
  readonly form: 'tiles' | 'dots';
  readonly packsLeft: boolean;
  readonly packsRight: boolean;
  /** Steps of the inner dimension, panels of columns, and tiles of rows in a block. */
  readonly stepsPerBlock: number;
  readonly panelsPerBlock: number;
  readonly tilesPerBlock: number;
  /** Vectors of a panel. */
  readonly panelVectors: number;
  /** Bytes of scratch memory: packed left panels follow packed right panels. */
  readonly rightBytes: number;
  readonly leftBytes: number;
}

/** Right factors that are larger than this do not stay in the first cache, bytes. */
const FIRST_CACHE = 16 * 1024;
/** Bytes of packed panels that a block may take. */
const BLOCK_BYTES = 512 * 1024;
/** Bytes of rows of the left factor that a block may take. */
const LEFT_BYTES = 256 * 1024;
/** Steps in a block of the inner dimension: a tile's panels of both factors fit in the first cache. */
const MAX_STEPS = 384;
/** Rows from which packing the right factor pays, where it need not be packed. */
const PACKED_ROWS = 16;
/** Bytes of a row of the inner dimension, per row of the result, from which dot products are better than packing. */
const DOT_BYTES = 32;
/** Panels from which packing the left factor pays, where it is read across, and where its columns crowd out each other. */
const PACKED_PANELS = 8;
const CROWDED_PANELS = 3;
/** Bytes of a line of the first cache, of lines for which it has a place each, and of all its places, at most. */
const LINE = 64;
const WAY = 4096;
const ALL_WAYS = 32 * 1024;

/** Rows of a tile for which the left factor is packed: whole vectors of either precision. */
export const PACKED_TILE = 4;

/** Steps of the inner dimension that are packed at once. */
export const TURN = 4;

/** Plans a product. */
export function planProduct(operands: Operands, precision: Precision): ProductPlan {
  const size = sizeOfReal(precision);
  const width = lanesOfVector(precision);
  const k = operands.left.shape.at(-1)!;
  const given = mergeStack(operands, size);
  const swapped = given.m === 1 && given.n > 1;
  const { stack, n, m, left, right, result, others } = swapped ? exchanged(given) : given;

  // A single column lies along the inner dimension, or may be read as if others lay beside it.
  const byRows = right.row === size || k === 1;
  const byColumns = right.column === size || m === 1;
  const few = n === 1 || (n < PACKED_ROWS && n * DOT_BYTES <= k * size);
  const form = byRows && few && (m === 1 || !byColumns) ? 'dots' : 'tiles';
  const large = k * m * size > FIRST_CACHE && n >= PACKED_ROWS;
  const packsRight = form === 'tiles' && (!byColumns || large);

  const panelVectors = n <= 2 ? 4 : 2;
  const panels = Math.ceil(m / (panelVectors * width));
  const rows = tileRows(panelVectors);
  const tiles = Math.floor(n / rows);
  const stepsPerBlock = packsRight ? blockSteps(k) : k;
  const packsLeft =
    form === 'tiles' &&
    panels >= (crowds(left.column, stepsPerBlock) ? CROWDED_PANELS : PACKED_PANELS) &&
    rows === PACKED_TILE &&
    tiles > 0 &&
    left.column !== size;

  const panelBytes = stepsPerBlock * panelVectors * 16;
  const panelsPerBlock = packsRight ? Math.floor(BLOCK_BYTES / panelBytes) : m;
  const tileBytes = stepsPerBlock * rows * size;
  const tilesPerBlock = packsRight || packsLeft ? Math.floor(LEFT_BYTES / tileBytes) : n;
  return {
    n,
    k,
    m,
    stack,
    swapped,
    left,
    right,
    result,
    others,
    form,
    packsLeft,
    packsRight,
    stepsPerBlock,
    panelsPerBlock,
    tilesPerBlock,
    panelVectors,
    // A panel of three vectors stands for two, so it fits too.
    rightBytes: packsRight ? Math.min(panels, panelsPerBlock) * panelBytes : 0,
    leftBytes: packsLeft ? Math.min(tiles, tilesPerBlock) * tileBytes : 0,
  };
}

/** Bytes of the largest tile of sums: of 4 by 3 vectors. */
const TILE_BYTES = 4 * 3 * 16;

/** What the sums of a product are stored for. */
export type ResultUse = 'stored' | 'partial' | 'unused';

/**
 * The use of the sums and the elements of scratch memory that a product needs.
 *
 * @param isRead - whether other kernels read the sums, or there is no epilogue.
 */
export function spaceOf(
  operands: Operands,
  precision: Precision,
  isRead: boolean,
): { readonly resultUse: ResultUse; readonly scratch: number } {
  const { rightBytes, leftBytes, k, stepsPerBlock } = planProduct(operands, precision);
  const resultUse = isRead ? 'stored' : k > stepsPerBlock ? 'partial' : 'unused';
  const waiting = resultUse === 'unused' ? TILE_BYTES : 0;
  return { resultUse, scratch: (rightBytes + leftBytes + waiting) / sizeOfReal(precision) };
}

/** A product as it is computed. */
interface Product {
  readonly n: number;
  readonly m: number;
  readonly stack: readonly number[];
  readonly left: Strides;
  readonly right: Strides;
  readonly result: Strides;
  readonly others: readonly Strides[];
}

/** The product with as much of its stack as possible taken for rows: where the right factor is the same for all. */
function mergeStack({ left, right, result, others }: Operands, size: number): Product {
  const inBytes = (view: View): Strides => {
    const bytes = view.strides.map((stride) => stride * size);
    return { row: bytes.at(-2)!, column: bytes.at(-1)!, stack: bytes };
  };
  const shared = inBytes(right);
  let matrices = [left, result, ...others].map(inBytes);
  let n = result.shape.at(-2)!;
  let axes = result.shape.length - 2;
  for (; axes > 0; axes--) {
    const axis = axes - 1;
    const length = result.shape[axis]!;
    if (length === 1) continue;
    const rows = n;
    const continues = matrices.every(({ row, stack }) => rows === 1 || stack[axis] === rows * row);
    if (shared.stack[axis] !== 0 || !continues) break;
    if (rows === 1) matrices = matrices.map((matrix) => ({ ...matrix, row: matrix.stack[axis]! }));
    n *= length;
  }
  const [a, c, ...rest] = matrices;
  const stack = result.shape.slice(0, axes);
  return { n, m: result.shape.at(-1)!, stack, left: a!, right: shared, result: c!, others: rest };
}

/** The transposed product: the factors exchanged, all matrices transposed. */
function exchanged({ n, m, stack, left, right, result, others }: Product): Product {
  const transposed = ({ row, column, stack: strides }: Strides): Strides => ({
    row: column,
    column: row,
    stack: strides,
  });
  return {
    n: m,
    m: n,
    stack,
    left: transposed(right),
    right: transposed(left),
    result: transposed(result),
    others: others.map(transposed),
  };
}

/**
 * Rows of a tile that is so many vectors wide. Measured: with 4 by 2 or 2 by 4 sums all registers are in use and the
 * additions do not wait for each other; with more, registers are spilled.
 */
function tileRows(vectors: number): number {
  return vectors <= 2 ? 4 : 2;
}

/** The rows as tiles: as many as are whole, and one with what is left over. */
export function rowGroups(n: number, vectors: number): RowGroup[] {
  const rows = tileRows(vectors);
  return [
    { rows, count: Math.floor(n / rows) },
    { rows: n % rows, count: 1 },
  ].filter((group) => group.rows > 0 && group.count > 0);
}

/** The columns as panels: as many as are whole, and one with what is left over. */
export function regions(m: number, vectors: number, width: number): Region[] {
  const columns = vectors * width;
  const total = Math.ceil(m / width);
  // A vector left over is better off in the panel before it than in one of its own.
  const joins = vectors === 2 && total % 2 === 1 && total > 1;
  const panels = joins ? (total - 3) / 2 : Math.floor(m / columns);
  const first = panels * columns;
  return [
    { first: 0, panels, columns },
    { first, panels: 1, columns: m - first },
  ].filter((region) => region.panels > 0 && region.columns > 0);
}

/**
 * Whether so many elements, so many bytes apart, do not stay in the first cache together: at a distance that has many
 * factors of 2, their lines share few places. A product of 128 x 512 by 512 x 32 with the left factor transposed takes
 * 18 % longer than with that packed.
 */
function crowds(distance: number, steps: number): boolean {
  let common = LINE;
  while (common < WAY && distance % (2 * common) === 0) common *= 2;
  return steps * common > ALL_WAYS;
}

/** Steps in a block: whole turns of the loop, about as many in every block. */
function blockSteps(k: number): number {
  const blocks = Math.ceil(k / MAX_STEPS);
  return blocks === 1 ? k : Math.ceil(k / blocks / TURN) * TURN;
}
