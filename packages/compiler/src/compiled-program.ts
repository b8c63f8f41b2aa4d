/** A program whose execution is one call into WebAssembly: fresh from the compiler, or loaded. */
import {
  type InputPort,
  type Operation,
  type Port,
  type ProgramPlan,
  StoredProgram,
  type TensorData,
  type ValueSource,
} from '@ad/graph';
import type { HostWork } from './host-kernel.ts';

/** An operation that a program leaves to the interpreter's kernel. */
export interface ImageCall {
  /** Whose kernel; `undefined` where a program was loaded, whose calls are of the table. */
  readonly row: Operation | undefined;
  /** What is done, as data. */
  readonly work: HostWork;
  /** Whether it is called for operands only that it refuses. */
  readonly refuses: boolean;
  /** The operands in the program's memory. */
  readonly operands: readonly TensorData[];
  /** The result there. */
  readonly result: TensorData;
}

/** What a program is made of beside its inputs and outputs. */
export interface ProgramImage {
  /** The module. */
  readonly code: Uint8Array;
  /** Pages of its memory. */
  readonly pages: number;
  /** The functions of the platform that it imports, by name. */
  readonly imports: readonly string[];
  /** The operations that it leaves to the interpreter's kernels, as it numbers them. */
  readonly hostCalls: readonly ImageCall[];
  /** The parts of its memory that must hold something from the start: constants, tables. */
  readonly kept: readonly TensorData[];
  readonly plan: ProgramPlan;
  readonly report: () => string;
}

/** A program in WebAssembly. The views of its inputs and outputs tell where they are in its memory. */
export class CompiledProgram extends StoredProgram {
  readonly plan: ProgramPlan;
  /** What it is made of. */
  readonly image: ProgramImage;

  constructor(
    inputs: readonly InputPort[],
    outputs: readonly Port[],
    source: ValueSource,
    image: ProgramImage,
    run: () => void,
  ) {
    super(inputs, outputs, source, run);
    this.plan = image.plan;
    this.image = image;
  }

  report(): string {
    return this.image.report();
  }
}
