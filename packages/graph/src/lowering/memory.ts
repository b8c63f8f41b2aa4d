/**
 * Memory as lowerings see it: buffers, and views of them. Transposing, broadcasting and slicing make another view of the
 * same buffer; only what cannot be seen that way is copied.
 */
import { type Shape, stridesOf } from '../shape.ts';

/** A contiguous piece of the program's memory that holds the value of a node. */
export interface Buffer {
  /** The node whose value it holds. */
  readonly node: number;
  /** How elements are stored: numbers and truth values in the program's precision, integers in 32 bits. */
  readonly storage: 'real' | 'integer';
  /** The number of elements. */
  readonly size: number;
  /** Where it is, in bytes; set by the memory plan. */
  address: number;
  /** Of an entry of a stack that loops read or write where it lies: an integer, its number from `address` on. */
  readonly entryAt?: Buffer;
}

/** An array seen in a buffer: element (i, j, ...) is at `offset + i * strides[0] + j * strides[1] + ...`. */
export interface View {
  /** Where the elements are. */
  readonly buffer: Buffer;
  /** The position of the first element, in elements. */
  readonly offset: number;
  /** The dimensions. */
  readonly shape: Shape;
  /** How far apart neighbours along each axis are, in elements; 0 along broadcast axes and where positions say it. */
  readonly strides: readonly number[];
  /** Where the elements along one axis are, if integers say so. Only loops that gather read such views. */
  readonly positions?: Positions;
}

/** An axis whose element i is at `stride * indices[i]`. */
export interface Positions {
  /** The axis. */
  readonly axis: number;
  /** Row-major, all within the bounds; negative ones count from the end. */
  readonly indices: Buffer;
  /** How many positions there are to choose from. */
  readonly length: number;
  /** How far apart they are, in elements. */
  readonly stride: number;
}

/**
 * The whole buffer, row-major.
 *
 * @internal
 */
export function contiguousView(buffer: Buffer, shape: Shape): View {
  return { buffer, offset: 0, shape, strides: stridesOf(shape) };
}
