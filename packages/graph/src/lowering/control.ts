/**
 * How loops and branches are compiled, as far as compilers and rows have to know of each other: the compiler lowers the
 * bodies, the row says where their inputs and outputs are and writes the loop around them.
 */
import type { Body } from '../body.ts';
import type { Segment, Segments } from '../rows/segments.ts';
import type { Code } from './code.ts';
import type { Buffer, View } from './memory.ts';

/** The entries of stacks that the body of a scan reads and writes where they lie; `undefined` for those that are copied. */
export interface Entries {
  /** Where the number of the entries is. */
  readonly at: Buffer;
  /** By array. */
  readonly scanned: readonly (Buffer | undefined)[];
  /** By carry: the entry that a step begins with, and the one that it ends with. */
  readonly carries: readonly (readonly [from: Buffer, to: Buffer] | undefined)[];
  /** By output after the carries. */
  readonly stacked: readonly (Buffer | undefined)[];
}

/** A body made ready to be emitted. */
export interface LoweredBody {
  /** Where its wanted outputs are; `undefined` for those that nobody reads, and for entries of stacks. */
  readonly outputs: readonly (Buffer | undefined)[];
  /** Outputs that are computed in the place of a carry. */
  readonly inPlace: ReadonlyMap<Buffer, Buffer>;
  /** The buffers of its inputs that are filled before it runs; `undefined` where it does not need one. */
  readonly inputs: readonly (Buffer | undefined)[];
  /** The entries of stacks, in the body of a scan. */
  readonly entries: Entries | undefined;
}

/** What the compiler does for a loop or branch. */
export interface ControlCompiler<B extends LoweredBody = LoweredBody> {
  /** The precision of the program. */
  readonly precision: 'f64' | 'f32';
  /** Where the value of a node is. */
  viewOf(node: number): View;
  /** The same, with elements in row-major order. */
  contiguousViewOf(node: number): View;
  /** The value in a fresh buffer. */
  copyOf(node: number): Buffer;
  /** A fresh buffer for so many reals, of zeros if that is asked for. */
  fresh(size: number, zeros?: boolean): Buffer;
  /**
   * Lowers a body.
   *
   * @param isWanted - which of its outputs somebody reads.
   * @param views - by input: where it is; `undefined` for one that is filled before each step.
   * @param carries - the buffers that the first outputs go to.
   * @param isStacked - by carry of a scan: whether all of its values are kept.
   */
  body(
    body: Body,
    isWanted: readonly boolean[],
    views: readonly (View | undefined)[],
    carries: readonly Buffer[],
    isStacked?: readonly boolean[],
  ): B;
}

/** A place in memory: an address, and a local with bytes to add to it, if it is not always the same. */
export interface Place {
  /** The address. */
  readonly address: number;
  /** The local. */
  readonly at?: number | undefined;
}

/** What a loop or branch is written with. */
export interface ControlWriter {
  /** The function that it is in. */
  readonly code: Code;
  /** Runs a body. */
  run(body: LoweredBody): void;
  /** Copies so many bytes, a multiple of 4. */
  copy(to: Place, from: Place, bytes: number): void;
}

/** A part of a packed result in memory: all of its elements, as a vector. */
export interface PackedPart {
  /** Which part. */
  readonly segment: Segment;
  /** Where it is. */
  readonly view: View;
}

/** A loop or branch lowered. */
export interface LoweredControl<B extends LoweredBody = LoweredBody> {
  /** Its bodies. They run one after the other, or only one of them. */
  readonly bodies: readonly B[];
  /** What it reads beside what its bodies read. */
  readonly reads: readonly Buffer[];
  /** What it writes. */
  readonly writes: readonly Buffer[];
  /** The parts of its result that are stored. */
  readonly parts: readonly PackedPart[];
  /** Writes its code. All buffers have their addresses by then. */
  readonly write: (writer: ControlWriter) => void;
  /** Sets the addresses of entries of stacks, when the stacks have theirs. */
  readonly settle?: () => void;
}

/**
 * Lowers a loop or branch.
 *
 * @param compiler - what lowers its bodies.
 * @param attributes - those of the node.
 * @param segments - the parts of its result.
 * @param operands - the nodes that it reads.
 * @param isRead - whether somebody reads a part of the result.
 */
export type ControlLowering<A> = <B extends LoweredBody>(
  compiler: ControlCompiler<B>,
  attributes: A,
  segments: Segments,
  operands: readonly number[],
  isRead: (segment: Segment) => boolean,
) => LoweredControl<B>;
