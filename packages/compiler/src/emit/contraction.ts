/**
 * Emission of products of matrices by register tiles: a block of rows times a block of columns of the result is kept
 * in registers while the inner dimension runs. Each step loads a few vectors of the right factor, broadcasts one
 * element of the left factor per row, and adds the products. Rows and columns that do not fill a tile get tiles of
 * their own size, so every shape is exact.
 *
 * The right factor is row-major along its columns (the lowering copies it if not); the left may be strided anyhow, so
 * transposed left factors cost nothing.
 */
import { sizeOf } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import type { Contraction } from '../lower/kernel.ts';
import { FunctionBuilder, type Local } from '../wasm/function-builder.ts';

/** Rows of a tile. */
const TILE_ROWS = 4;
/** Vectors of columns of a tile: 4 x 2 sums, 2 vectors and a broadcast element fit in 16 registers. */
const TILE_VECTORS = 2;
/** Steps along the inner dimension per turn of the loop. */
const UNROLL = 4;

/** Some columns of a tile: a vector of them, or a single one. */
interface Chunk {
  /** Where they start, in bytes from the first column of the tile. */
  readonly offset: number;
  /** A whole vector, or one element. */
  readonly whole: boolean;
}

/** The function that computes a product. */
export function emitContraction(contraction: Contraction, precision: Precision): FunctionBuilder {
  const code = new FunctionBuilder();
  new ContractionEmitter(contraction, precision, code).emit();
  return code;
}

class ContractionEmitter {
  readonly #code: FunctionBuilder;
  readonly #contraction: Contraction;
  readonly #size: number;
  readonly #double: boolean;
  readonly #n: number;
  readonly #k: number;
  readonly #m: number;
  /** Bytes from one row, or one step of the inner dimension, to the next. */
  readonly #leftRow: number;
  readonly #leftStep: number;
  readonly #rightStep: number;

  constructor(contraction: Contraction, precision: Precision, code: FunctionBuilder) {
    this.#code = code;
    this.#contraction = contraction;
    this.#double = precision === 'f64';
    this.#size = this.#double ? 8 : 4;
    const { left, right } = contraction;
    this.#n = left.shape.at(-2)!;
    this.#k = left.shape.at(-1)!;
    this.#m = right.shape.at(-1)!;
    this.#leftRow = left.strides.at(-2)! * this.#size;
    this.#leftStep = left.strides.at(-1)! * this.#size;
    this.#rightStep = right.strides.at(-2)! * this.#size;
  }

  emit(): void {
    const { left, right, result } = this.#contraction;
    const base = (view: typeof left): number => view.buffer.address + view.offset * this.#size;
    this.#stack(0, base(left), base(right), base(result));
  }

  /** One product per matrix of the stack; stacks are small, so their loops are nested plainly. */
  #stack(axis: number, left: number, right: number, result: number): void {
    const { left: a, right: b, result: c } = this.#contraction;
    const code = this.#code;
    const stack = c.shape.slice(0, -2);
    if (sizeOf(stack) === 1) {
      const zero = code.local('i32');
      code.i32(0).set(zero);
      this.#columns({ left: zero, right: zero, result: zero }, { left, right, result });
      return;
    }
    const count = sizeOf(stack);
    const [index, offsetA, offsetB, offsetC, rest] = [0, 1, 2, 3, 4].map(() =>
      code.local('i32'),
    ) as [Local, Local, Local, Local, Local];
    code.countedLoop(index, axis, count, 1, () => {
      // The position in the stack, taken apart into one index per axis.
      code.get(index).set(rest);
      code.i32(0).set(offsetA).i32(0).set(offsetB);
      for (let d = stack.length - 1; d >= 0; d--) {
        const length = stack[d]!;
        for (const [offset, view] of [
          [offsetA, a],
          [offsetB, b],
        ] as const) {
          code
            .get(rest)
            .i32(length)
            .op('i32.rem_u')
            .i32(view.strides[d]! * this.#size)
            .op('i32.mul');
          code.get(offset).op('i32.add').set(offset);
        }
        code.get(rest).i32(length).op('i32.div_u').set(rest);
      }
      code
        .get(index)
        .i32(this.#n * this.#m * this.#size)
        .op('i32.mul')
        .set(offsetC);
      this.#columns({ left: offsetA, right: offsetB, result: offsetC }, { left, right, result });
    });
  }

  /** Loops over the tiles of columns, then the columns left over. */
  #columns(offsets: Pointers, bases: Pointers): void {
    const code = this.#code;
    const width = 16 / this.#size;
    const tile = TILE_VECTORS * width;
    const whole = this.#m - (this.#m % tile);
    const chunks = Array.from({ length: TILE_VECTORS }, (_, v): Chunk => ({
      offset: v * 16,
      whole: true,
    }));
    if (whole > 0) {
      const [right, result, column] = [code.local('i32'), code.local('i32'), code.local('i32')];
      code.get(offsets.right).set(right).get(offsets.result).set(result);
      code.countedLoop(column, 0, whole, tile, () => {
        this.#rows({ left: offsets.left, right, result }, bases, chunks);
        code
          .get(right)
          .i32(tile * this.#size)
          .op('i32.add')
          .set(right);
        code
          .get(result)
          .i32(tile * this.#size)
          .op('i32.add')
          .set(result);
      });
      for (const local of [right, result, column]) code.release('i32', local);
    }
    const rest: Chunk[] = [];
    for (let column = whole; column < this.#m;) {
      const fits = column + width <= this.#m;
      rest.push({ offset: (column - whole) * this.#size, whole: fits });
      column += fits ? width : 1;
    }
    if (rest.length > 0) {
      const shift = whole * this.#size;
      this.#rows(
        offsets,
        { left: bases.left, right: bases.right + shift, result: bases.result + shift },
        rest,
      );
    }
  }

  /** Loops over the tiles of rows, then the rows left over. */
  #rows(offsets: Pointers, bases: Pointers, chunks: readonly Chunk[]): void {
    const code = this.#code;
    const whole = this.#n - (this.#n % TILE_ROWS);
    const rowBytes = this.#m * this.#size;
    if (whole > 0) {
      const [left, result, row] = [code.local('i32'), code.local('i32'), code.local('i32')];
      code.get(offsets.left).set(left).get(offsets.result).set(result);
      code.countedLoop(row, 0, whole, TILE_ROWS, () => {
        this.#tile(TILE_ROWS, { left, right: offsets.right, result }, bases, chunks);
        code
          .get(left)
          .i32(TILE_ROWS * this.#leftRow)
          .op('i32.add')
          .set(left);
        code
          .get(result)
          .i32(TILE_ROWS * rowBytes)
          .op('i32.add')
          .set(result);
      });
      for (const local of [left, result, row]) code.release('i32', local);
    }
    if (whole < this.#n) {
      const shifted = {
        left: bases.left + whole * this.#leftRow,
        right: bases.right,
        result: bases.result + whole * rowBytes,
      };
      this.#tile(this.#n - whole, offsets, shifted, chunks);
    }
  }

  /** One tile: the sums in registers, the loop over the inner dimension, the stores. */
  #tile(rows: number, offsets: Pointers, bases: Pointers, chunks: readonly Chunk[]): void {
    const code = this.#code;
    const sums = Array.from({ length: rows }, () => chunks.map(() => code.local('v128')));
    for (const sum of sums.flat()) code.v128(new Uint8Array(16)).set(sum);
    const [left, right] = [code.local('i32'), code.local('i32')];
    code.get(offsets.left).set(left).get(offsets.right).set(right);
    const whole = this.#k - (this.#k % UNROLL);
    if (whole > 0) {
      const step = code.local('i32');
      code.countedLoop(step, 0, whole, UNROLL, () => {
        for (let u = 0; u < UNROLL; u++) this.#step(u, sums, { left, right }, bases, chunks);
        code
          .get(left)
          .i32(UNROLL * this.#leftStep)
          .op('i32.add')
          .set(left);
        code
          .get(right)
          .i32(UNROLL * this.#rightStep)
          .op('i32.add')
          .set(right);
      });
      code.release('i32', step);
    }
    for (let u = 0; u < this.#k - whole; u++) this.#step(u, sums, { left, right }, bases, chunks);
    sums.forEach((row, r) => {
      row.forEach((sum, c) => {
        const { offset, whole: isWhole } = chunks[c]!;
        const address = bases.result + r * this.#m * this.#size + offset;
        code.get(offsets.result).get(sum);
        if (isWhole) code.memory('v128.store', address);
        else code.memoryLane(this.#double ? 'v128.store64_lane' : 'v128.store32_lane', address, 0);
      });
    });
    for (const local of sums.flat()) code.release('v128', local);
    for (const local of [left, right]) code.release('i32', local);
  }

  /** The products of one step of the inner dimension, `u` steps after where the pointers stand. */
  #step(
    u: number,
    sums: readonly (readonly Local[])[],
    at: { left: Local; right: Local },
    bases: Pointers,
    chunks: readonly Chunk[],
  ): void {
    const code = this.#code;
    const splat = this.#double ? 'v128.load64_splat' : 'v128.load32_splat';
    const vectors = chunks.map(({ offset, whole }) => {
      const vector = code.local('v128');
      code
        .get(at.right)
        .memory(whole ? 'v128.load' : splat, bases.right + u * this.#rightStep + offset)
        .set(vector);
      return vector;
    });
    const element = code.local('v128');
    sums.forEach((row, r) => {
      code
        .get(at.left)
        .memory(splat, bases.left + u * this.#leftStep + r * this.#leftRow)
        .set(element);
      row.forEach((sum, c) => {
        code.get(sum).get(element).get(vectors[c]!);
        code
          .op(this.#double ? 'f64x2.mul' : 'f32x4.mul')
          .op(this.#double ? 'f64x2.add' : 'f32x4.add')
          .set(sum);
      });
    });
    for (const local of [element, ...vectors]) code.release('v128', local);
  }
}

/** Addresses of the three matrices: as locals, or as constants. */
interface Pointers {
  readonly left: number;
  readonly right: number;
  readonly result: number;
}
