/** Emission of the module: one function per kernel, and `run`, which calls them in order and writes the updates. */
import { numbers } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import type { UpdateBuffers } from '../lower/in-place.ts';
import type { HostCall, Kernel } from '../lower/kernel.ts';
import { bytesOf } from '../plan.ts';
import { FunctionBuilder } from '../wasm/function-builder.ts';
import { ModuleBuilder } from '../wasm/module-builder.ts';
import { emitContraction } from './contraction.ts';
import { emitLoopNest } from './loop-nest.ts';

/** A module and what it needs from outside. */
export interface EmittedModule {
  /** The module; it imports a memory, `host`, and functions of the platform. */
  readonly bytes: Uint8Array;
  /** The functions of the platform that the code calls, by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  /** What `host(index)` is to run. */
  readonly hostCalls: readonly HostCall[];
}

/**
 * Emits a program.
 *
 * @param copies - updates that are not made in place.
 * @param pages - the size of the memory.
 */
export function emitModule(
  kernels: readonly Kernel[],
  copies: readonly UpdateBuffers[],
  precision: Precision,
  pages: number,
): EmittedModule {
  const code = new ModuleBuilder();
  const host = code.import('host', ['i32'], []);
  const imported = new Map<string, number>();
  const functions: Record<string, unknown> = {};
  const importOf = (name: string): number => {
    const known = imported.get(name);
    if (known !== undefined) return known;
    const value = numbers[name as keyof typeof numbers];
    const parameters = Array.from({ length: value.length }, () => 'f64' as const);
    const index = code.import(name, parameters, ['f64']);
    functions[name] = value;
    imported.set(name, index);
    return index;
  };
  const hostCalls: HostCall[] = [];
  // The bodies are written first, because all imports must be known before a function can be numbered.
  const calls = kernels.map((kernel): FunctionBuilder | number => {
    if (kernel.kind === 'loop') return emitLoopNest(kernel, precision, importOf);
    if (kernel.kind === 'contraction') return emitContraction(kernel, precision, importOf);
    return hostCalls.push(kernel) - 1;
  });
  const run = new FunctionBuilder();
  for (const call of calls) {
    if (typeof call === 'number') run.i32(call).call(host);
    else run.call(code.function(call));
  }
  const elementSize = precision === 'f64' ? 8 : 4;
  for (const { from, to } of copies)
    run.copyMemory(to.address, from.address, bytesOf(from, elementSize));
  code.export('run', code.function(run));
  return { bytes: code.encode(pages), functions, hostCalls };
}
