/** What a compiler does for an operation that is more to it than a fused loop: the operation's row asks for kernels. */
import type { Algebra } from '../algebra/algebra.ts';
import type { Attributes, Kernel } from '../rows/row.ts';
import type { Type } from '../tensor.ts';
import type { VectorFunction } from '../vector-code/expressions.ts';
import type { Code } from './code.ts';
import type { Buffer, View } from './memory.ts';
import type { VectorWriter } from './vectors.ts';

/** What is to be computed. */
export interface LoweredWork {
  /** The name of the operation. */
  readonly operation: string;
  /** Its attributes. */
  readonly attributes: Attributes;
  /** The operands. */
  readonly operands: readonly Type[];
  /** The result. */
  readonly result: Type;
}

/** What a kernel is written with. */
export interface KernelWriter {
  /** The function of the kernel. */
  readonly code: Code;
  /** What computes with vectors of reals. */
  readonly vectors: VectorWriter;
  /** The number of a function of the platform on doubles. */
  readonly platform: (name: string) => number;
  /** Calls the interpreter's kernel, which refuses the operands. */
  readonly refuse: () => void;
}

/** The code of a function of numbers, which a compiler makes a function of its programs of. */
export interface NumberCode {
  /** How many doubles of memory it needs; 0 if this is missing. */
  readonly scratch?: number;
  /**
   * Writes a function of doubles that leaves a double on the stack.
   *
   * @param scratch - the address of its memory.
   */
  readonly write: (writer: Pick<KernelWriter, 'code' | 'platform'>, scratch: number) => void;
}

/** A kernel that a row writes itself. */
export interface OwnKernel {
  /** What it does, for the report. */
  readonly description: string;
  /** The arrays that it reads. */
  readonly reads: readonly View[];
  /** Those that it writes. */
  readonly writes: readonly View[];
  /**
   * What its code depends on beside the places of arrays, if kernels that are alike are to share it: then it refuses
   * nothing.
   */
  readonly key?: string;
  /** Writes its code. All buffers have their addresses by then. */
  readonly write: (writer: KernelWriter, reads: readonly View[], writes: readonly View[]) => void;
}

/** How the elements along reduced axes are combined. */
export type Combine = 'add' | 'mul' | 'max' | 'min';

/** A loop over the elements of a shape, in which values of type `V` are computed. */
export interface ElementLoop<V> {
  /** What they are computed with. */
  readonly algebra: Algebra<V>;
  /** The element of an array that the loop meets, broadcast to the loop's shape. */
  readonly read: (view: View) => V;
  /** A function given as vector code. */
  readonly call: (code: VectorFunction, ...operands: readonly V[]) => V;
}

/** What a compiler does for one operation. */
export interface ArrayCompiler {
  /** The precision of the program. */
  readonly precision: 'f64' | 'f32';
  /** What is to be computed. */
  readonly work: LoweredWork;
  /** Where an operand is. */
  operand(position: number): View;
  /** An operand row-major in a buffer. */
  contiguous(position: number): Buffer;
  /** A fresh buffer for so many reals. */
  fresh(size: number): Buffer;
  /** Where the result is to be stored, row-major. */
  readonly result: View;
  /**
   * Adds a loop over the elements of a view, which stores a value for each.
   *
   * @param operation - what it does, for the report.
   * @param combine - how elements are combined that are stored in the same place, along reduced axes.
   */
  loop(
    operation: string,
    write: View,
    value: <V>(loop: ElementLoop<V>) => V,
    combine?: Combine,
    reduced?: readonly boolean[],
  ): void;
  /** Adds the product of both operands, which are stacks of matrices, with the result as its place. */
  multiply(): void;
  /** Adds a kernel of its own. */
  readonly add: (kernel: OwnKernel) => void;
  /** Adds a call of a kernel of the interpreter, which is known by a name to those who load a saved program. */
  call(name: string, kernel: Kernel): void;
}
