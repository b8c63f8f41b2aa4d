/**
 * The compiler: turns a graph into one WebAssembly program.
 *
 * @packageDocumentation
 */
export { compile, compiler, type CompileOptions } from './compile.ts';
export type { Precision } from './code/expression.ts';
