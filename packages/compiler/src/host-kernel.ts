/**
 * The interpreter's kernels for saved programs, made of data: what `loadProgram` is given where programs leave
 * operations to the interpreter.
 *
 * @packageDocumentation
 */
import {
  type Kernel,
  type Operation,
  operations,
  prepareKernel,
  strongRepair,
  type Type,
} from '@ad/graph';

/** What is done for a program outside of its code. */
export interface HostWork {
  /** The name of an operation of the table, or `repair` and the name of a product. */
  readonly operation: string;
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The operands. */
  readonly operands: readonly Type[];
  /** The result. */
  readonly result: Type;
}

/**
 * The kernel that does some work.
 *
 * @throws `RangeError` when there is no such operation.
 * @example
 * ```ts
 * import { apply, Graph, operations } from '@ad/graph';
 * import { compile, saveProgram } from '@ad/compiler';
 * import { hostKernel } from '@ad/compiler/kernels';
 * import { loadProgram } from '@ad/compiler/load';
 *
 * const x = new Graph().input('x', { value: [[1, 2], [3, 4]] });
 * const bytes = saveProgram(compile({ outputs: [apply(operations.cofactors, [x])] }));
 * loadProgram(bytes, { hostKernel }).run()[0].data[2]; // ≈ -2.0
 * loadProgram(bytes); // throws /leaves cofactors to the interpreter/
 * ```
 */
export function hostKernel({ operation, attributes, operands, result }: HostWork): Kernel {
  const name = operation.replace(/^repair /, '');
  if (!Object.hasOwn(operations, name)) throw new RangeError(`there is no operation ${name}`);
  const row: Operation = operations[name as keyof typeof operations];
  const kernel = prepareKernel(row, operands, attributes, result);
  return name === operation ? kernel : strongRepair(kernel);
}
