/** Compiled programs as bytes. */
import { GraphError, type Port, type Program } from '@ad/graph';
import { CompiledProgram } from './compiled-program.ts';
import { type Header, type SavedInput, type SavedPort, writeHeader } from './saved-format.ts';

/**
 * A compiled program as bytes, with the values that its inputs have now: `loadProgram` makes it run again.
 *
 * @throws `GraphError` when the program is interpreted, or leaves operations to the interpreter's kernels; the message
 * names them.
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
  if (image.hostCalls.length > 0) {
    throw new GraphError(
      `saveProgram: the program leaves ${[...new Set(image.hostCalls)].join(', ')} to the interpreter, ` +
        'which is not part of the saved code: save its graph by toJSON, and compile it where it is to run',
    );
  }
  const port = ({ kind, shape, data }: Port): SavedPort => ({ kind, shape, at: data.byteOffset });
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
