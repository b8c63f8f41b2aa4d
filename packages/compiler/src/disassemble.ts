/** The code of a program to read. */
import { GraphError, type Program } from '@ad/graph';
import { CompiledProgram } from './compiled-program.ts';
import { moduleText } from './wasm/text.ts';

/**
 * The WebAssembly module of a compiled program in the text format (WAT), one instruction per line, as other tools read
 * it too.
 *
 * @throws `GraphError` when the program is interpreted and has no code.
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { compile, disassemble } from '@ad/compiler';
 *
 * const x = new Graph().input('x');
 * disassemble(compile({ outputs: [x.square()] })).includes('f64.mul'); // => true
 * ```
 */
export function disassemble(program: Program): string {
  if (program instanceof CompiledProgram) return moduleText(program.image.code);
  throw new GraphError(
    'disassemble: this program is interpreted, it has no code; report() lists its operations',
  );
}
