/** What a program consists of: kernels, each a loop nest of its own, run one after the other. */
import type {
  Combine,
  ControlWriter,
  Kernel as InterpreterKernel,
  LoweredBody,
  Operation,
  OwnKernel,
  Shape,
} from '@ad/graph';
import type { HostWork } from '../host-kernel.ts';
import type { Expression, Expressions } from '../code/expression.ts';
import type { ResultUse } from './product-plan.ts';
import type { Gathered } from './gathered.ts';
import type { ScalarCode, ScalarResult } from './scalar-code.ts';
import type { StraightLine } from './straight-line.ts';
import type { Buffer, View } from './view.ts';

/** A value that a loop nest computes and stores. */
export interface Result {
  /** The value for one element of the iteration. */
  readonly expression: Expression;
  /** Where it goes: a view of the iteration's shape; reduced axes have stride 0. */
  readonly write: View;
  /** How it is combined over the reduced axes, if there are any. */
  readonly combine: Combine | undefined;
}

/** Loops over the elements of a shape that compute fused expressions, and combine them over the reduced axes. */
export interface LoopNest {
  readonly kind: 'loop';
  /** The names of the operations fused, for the report. */
  readonly operations: readonly string[];
  /** The elements to visit. */
  readonly shape: Shape;
  /** Which axes are reduced. */
  readonly reduced: readonly boolean[];
  /** What is read, broadcast to the shape; expression inputs by number. */
  readonly reads: readonly View[];
  /** What is computed. */
  readonly results: readonly Result[];
  /** The expressions' owner. */
  readonly expressions: Expressions;
}

/** A loop nest in strips; rows are its first axis. */
export interface StripNest extends LoopNest {
  /** The row at which it begins. */
  readonly first: number;
  /** How many rows it is behind the strip, because it reads rows further on than its own. */
  readonly lag: number;
}

/** Loop nests that are run strip by strip over the rows that they have in common. */
export interface Strips {
  readonly kind: 'strips';
  /** The rows, and how many of them a strip has. */
  readonly rows: number;
  readonly strip: number;
  /** What is done with each strip, in order. */
  readonly nests: readonly StripNest[];
  /** Buffers as long as a strip, and what they keep of the strips before. */
  readonly short: ReadonlyMap<Buffer, Short>;
}

/** A buffer as long as a strip: a window that moves along with the strips. */
export interface Short {
  /** Elements from row to row. */
  readonly stride: number;
  /** Rows that the next strip reads or writes as well. They are moved from the end of the window to its beginning. */
  readonly kept: number;
}

/** A product of stacks of matrices. */
export interface Contraction {
  readonly kind: 'contraction';
  /** [..., n, k], the stack broadcast to that of the result. */
  readonly left: View;
  /** [..., k, m], the stack broadcast to that of the result. */
  readonly right: View;
  /** [..., n, m], contiguous: the sums. */
  readonly result: View;
  /** What the sums are stored for: other kernels, further blocks of this one, or nothing, if only the epilogue needs them. */
  readonly resultUse: ResultUse;
  /** Where factors are rearranged, as large as `scratchSize` says; `undefined` if they are read as they lie. */
  readonly scratch: Buffer | undefined;
  /** What is made of the sums while they are in registers; `undefined` for nothing. */
  readonly epilogue: Epilogue | undefined;
}

/** Expressions applied to every element of a product. */
export interface Epilogue {
  /** The names of the operations, for the report. */
  readonly operations: readonly string[];
  /** Other arrays, broadcast to the shape of the product; not the product's own buffer. */
  readonly reads: readonly View[];
  /** What is computed: input 0 is the element, input i + 1 an element of `reads[i]`. Written contiguously, not combined. */
  readonly results: readonly Result[];
  /** The expressions' owner. */
  readonly expressions: Expressions;
}

/** The views of an epilogue: what it reads, then what it writes. */
export function epilogueViews(epilogue: Epilogue | undefined): View[] {
  if (epilogue === undefined) return [];
  return [...epilogue.reads, ...epilogue.results.map((result) => result.write)];
}

/** An operation left to the interpreter's kernel, which works on the program's memory. */
export interface HostCall {
  readonly kind: 'host';
  /** The row whose kernel it is. */
  readonly row: Operation;
  /** The prepared kernel. */
  readonly kernel: InterpreterKernel;
  /** What it does, as data, for rows of the table. */
  readonly work: HostWork;
  /** Its operands, row-major. */
  readonly operands: readonly Buffer[];
  /** Its result. */
  readonly result: Buffer;
  /** Whether it is called for operands only that it refuses. */
  readonly refuses?: boolean;
}

/** A kernel that a row writes itself. */
export interface Own extends OwnKernel {
  readonly kind: 'own';
  /** The interpreter's kernel, for operands that it refuses. */
  readonly refuse: HostCall | undefined;
}

/** The scalar operations of a region. */
export interface ScalarKernel {
  readonly kind: 'scalars';
  /** What is computed. */
  readonly code: ScalarCode;
  /** What is read; operand `~k` is `reads[k]`. */
  readonly reads: readonly View[];
  /** What is stored. */
  readonly results: readonly ScalarResult[];
  /** How it is computed. */
  readonly plan: StraightLine | Gathered;
}

/** A body of a loop or branch, with its kernels. */
export interface Body extends LoweredBody {
  readonly kernels: readonly Kernel[];
  /** Constants, and what they hold. */
  readonly constants: ReadonlyMap<Buffer, ArrayLike<number>>;
  /** The buffers in the block. */
  readonly own: readonly Buffer[];
  /** Their size together. */
  readonly bytes: number;
}

/** A loop or branch. */
interface Control {
  readonly kind: 'control';
  /** The operation, for the report. */
  readonly operation: string;
  readonly bodies: readonly Body[];
  /** The memory of the bodies. Its address is known when the graph around is planned, and those in it then. */
  readonly block: Buffer;
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** Writes what stands around the bodies. */
  readonly write: (writer: ControlWriter) => void;
  /** Sets the addresses of entries of stacks, when the stacks have theirs. */
  readonly settle: (() => void) | undefined;
}

/** Any kernel. */
export type Kernel = LoopNest | Strips | Contraction | Own | ScalarKernel | Control | HostCall;

/** The buffers that a kernel reads. */
export function buffersRead(kernel: Kernel): readonly Buffer[] {
  if (kernel.kind === 'strips') return kernel.nests.flatMap(buffersRead);
  if (kernel.kind === 'loop')
    return kernel.reads.flatMap(({ buffer, positions }) =>
      positions === undefined ? [buffer] : [buffer, positions.indices],
    );
  if (kernel.kind === 'scalars') return kernel.reads.map((view) => view.buffer);
  if (kernel.kind === 'own') return kernel.reads.map((view) => view.buffer);
  if (kernel.kind === 'contraction') {
    const reads = kernel.epilogue?.reads ?? [];
    return [kernel.left, kernel.right, ...reads].map((view) => view.buffer);
  }
  return kernel.kind === 'control' ? kernel.reads : kernel.operands;
}

/** The buffers that a kernel writes. */
export function buffersWritten(kernel: Kernel): readonly Buffer[] {
  if (kernel.kind === 'own') return kernel.writes.map((view) => view.buffer);
  if (kernel.kind === 'strips') return kernel.nests.flatMap(buffersWritten);
  if (kernel.kind === 'loop') return kernel.results.map((result) => result.write.buffer);
  if (kernel.kind === 'scalars') {
    const own = kernel.plan.kind === 'gathered' ? kernel.plan.slots : kernel.plan.scratch;
    const written = kernel.results.map((result) => result.write.buffer);
    return own === undefined ? written : [...written, own];
  }
  if (kernel.kind === 'host') return [kernel.result];
  if (kernel.kind === 'control') return [...kernel.writes, kernel.block];
  return [
    ...(kernel.resultUse === 'unused' ? [] : [kernel.result.buffer]),
    ...(kernel.epilogue?.results ?? []).map((result) => result.write.buffer),
    ...(kernel.scratch === undefined ? [] : [kernel.scratch]),
  ];
}

/** The buffers that hold what a kernel was planned with, from before the first run on. */
export function buffersKept(kernel: Kernel): readonly Buffer[] {
  if (kernel.kind === 'control')
    return kernel.bodies.flatMap(({ kernels, constants }) => [
      ...constants.keys(),
      ...kernels.flatMap(buffersKept),
    ]);
  if (kernel.kind !== 'scalars' || kernel.plan.kind !== 'gathered') return [];
  const { table, numbers } = kernel.plan;
  return numbers === undefined ? [table] : [table, numbers];
}
