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
  sameShape,
  strongRepair,
  type Type,
  viewPositions,
} from '@ad/graph';

/** What is done for a program outside of its code. */
export interface HostWork {
  /** The name of an operation of the table; or `copy`, the elements of a view; or `repair` and the name of a product. */
  readonly operation: string;
  /** Its attributes; of a copy shape, strides and offset of the view. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The operands. */
  readonly operands: readonly Type[];
  /** The result. */
  readonly result: Type;
}

/**
 * The kernel that does some work.
 *
 * @throws `RangeError` when there is no such operation, or a copy does not have the shape of its view.
 * @example
 * ```ts
 * import { cumSum, Graph } from '@ad/graph';
 * import { compile, saveProgram } from '@ad/compiler';
 * import { hostKernel } from '@ad/compiler/kernels';
 * import { loadProgram } from '@ad/compiler/load';
 *
 * const x = new Graph().input('x', { value: [1, 2, 3] });
 * const bytes = saveProgram(compile({ outputs: [cumSum(x, 0)] }));
 * loadProgram(bytes, { hostKernel }).run()[0].toArray(); // => [1, 3, 6]
 * loadProgram(bytes); // throws /leaves cumSum to the interpreter/
 * ```
 */
export function hostKernel({ operation, attributes, operands, result }: HostWork): Kernel {
  if (operation === 'copy') return copyKernel(attributes as unknown as CopyAttributes, result);
  const name = operation.replace(/^repair /, '');
  if (!Object.hasOwn(operations, name)) throw new RangeError(`there is no operation ${name}`);
  const row: Operation = operations[name as keyof typeof operations];
  const kernel = prepareKernel(row, operands, attributes, result);
  return name === operation ? kernel : strongRepair(kernel);
}

/** A view. */
interface CopyAttributes {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The elements of a view, row-major. */
function copyKernel({ shape, strides, offset }: CopyAttributes, type: Type): Kernel {
  if (!sameShape(shape, type.shape)) throw new RangeError('a copy has the shape of its view');
  const positions = viewPositions(shape, strides, offset);
  return (result, [data]) => {
    for (let i = 0; i < positions.length; i++) result[i] = data![positions[i]!]!;
  };
}
