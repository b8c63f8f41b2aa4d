/** Compiled programs as bytes. */
import {
  GraphError,
  type Operation,
  operations,
  type Port,
  type Program,
  type TensorData,
  type Type,
} from '@ad/graph';
import { CompiledProgram } from './compiled-program.ts';
import {
  type Header,
  type SavedCall,
  type SavedInput,
  type SavedPort,
  writeHeader,
} from './saved-format.ts';

/** Whether an operation is found by its name where the program is loaded: not the user's own, nor bodies. */
function isOfTable(row: Operation): boolean {
  return row.family !== 'control' && operations[row.name as keyof typeof operations] === row;
}

/**
 * A compiled program as bytes, with the values that its inputs have now: `loadProgram` makes it run again.
 *
 * Operations that are left to the interpreter's kernels are saved by name: they need `hostKernel` where it is loaded.
 *
 * @throws `GraphError` when the program is interpreted, or leaves operations of the user's own, or loops that are not
 * compiled, to the interpreter; the message names them.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { compile, saveProgram } from '@ad/compiler';
 * import { loadProgram } from '@ad/compiler/load';
 *
 * const x = new Graph().input('x');
 * const bytes = saveProgram(compile({ outputs: [x.square().add(1)] }));
 * loadProgram(bytes).run({ x: 3 })[0].item(); // => 10
 * loadProgram(bytes.slice(0, 100)); // throws /truncated/
 * ```
 */
export function saveProgram(program: Program): Uint8Array {
  if (!(program instanceof CompiledProgram)) {
    throw new GraphError(
      'saveProgram: this program is interpreted; only compiled programs have code to save: save its graph by toJSON',
    );
  }
  const { image, inputPorts, outputPorts } = program;
  const strangers = image.hostCalls.filter(({ row }) => row !== undefined && !isOfTable(row));
  if (strangers.length > 0) {
    const names = new Set(strangers.map(({ row }) => row!.name));
    throw new GraphError(
      `saveProgram: the program leaves ${[...names].join(', ')} to code that is not part of it and of no table: ` +
        'make the graph anew where it is to run, and compile it there',
    );
  }
  const place = ({ kind, shape }: Type, data: TensorData): SavedPort => {
    return { kind, shape, at: data.byteOffset };
  };
  const port = (each: Port): SavedPort => place(each, each.data);
  const calls = image.hostCalls.map(({ work, operands, result, refuses }): SavedCall => ({
    operation: work.operation,
    attributes: work.attributes,
    refuses,
    operands: work.operands.map((type, k) => place(type, operands[k]!)),
    result: place(work.result, result),
  }));
  const inputs = inputPorts.map((input): SavedInput => ({
    name: input.name,
    ...port(input),
    set: program.hasValue(input.name),
  }));
  const saved = [
    ...image.kept,
    ...inputPorts.filter((_, k) => inputs[k]!.set).map(({ data }) => data),
  ];
  const real = [...inputPorts, ...outputPorts].find(({ kind }) => kind !== 'integer')?.data;
  const header: Header = {
    precision: real instanceof Float32Array ? 'f32' : 'f64',
    pages: image.pages,
    plan: image.plan,
    report: image.report(),
    imports: image.imports,
    calls,
    inputs,
    outputs: outputPorts.map(port),
    kept: image.kept.map((data) => [data.byteOffset, data.byteLength]),
    code: image.code.length,
  };
  const pieces = [
    writeHeader(header),
    image.code,
    ...saved.map((data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}
