/** What lowering makes of a graph. */
import type { Kernel } from './kernel.ts';
import type { Buffer } from './view.ts';

/** A graph as kernels on buffers. */
export interface Lowered {
  /** In the order in which they run. */
  readonly kernels: readonly Kernel[];
  /** The buffers of leaves by node. */
  readonly leaves: ReadonlyMap<number, Buffer>;
  /** What the buffers of those leaves hold that are constants. */
  readonly constants: ReadonlyMap<Buffer, ArrayLike<number>>;
  /** The buffer of each output and of each update's value, contiguous. */
  readonly bufferOf: (node: number) => Buffer;
}
