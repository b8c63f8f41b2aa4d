/**
 * The compiler: turns a graph into one WebAssembly program.
 *
 * @packageDocumentation
 */
export { compile, compiler, type CompileOptions } from './compile.ts';
export { disassemble } from './disassemble.ts';
export { exportProgram } from './export.ts';
export type { Precision } from './code/expression.ts';
export { saveProgram } from './save.ts';
