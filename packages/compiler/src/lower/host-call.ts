/**
 * Operations on whole arrays: those that say themselves how they are computed, and, for what has no lowering at all,
 * calls of the interpreter's kernels on the program's memory.
 */
import { type Kernel, kernelOf, sizeOf } from '@ad/graph';
import { arrayCompiler } from './array-compiler.ts';
import type { Draft } from './draft.ts';
import type { Buffer } from './view.ts';

/** Adds the kernels for a node. */
export function lowerHost(draft: Draft, node: number): void {
  const { arena } = draft;
  const row = arena.rowOf(node);
  const compiler = arrayCompiler(draft, node);
  const { work, result } = compiler;
  const isOfNothing = work.operands.every(({ shape }) => sizeOf(shape) === 0);
  const known = isOfNothing
    ? ofNothing(kernelOf(arena, node), work.operands.length, result.buffer)
    : undefined;
  if (known !== undefined) {
    compiler.loop(row.name, result, ({ algebra }) => algebra.constant(known));
    return;
  }
  if (result.buffer.size === 0) {
    // Nothing is to do, but the buffer needs a place.
    draft.kernels.push({
      kind: 'own',
      description: row.name,
      refuse: undefined,
      reads: [],
      writes: [result],
      write() {},
    });
    return;
  }
  const isLowered = 'lower' in row && row.family !== 'control' && row.lower?.(compiler) === true;
  if (!isLowered) compiler.call(row.name, kernelOf(arena, node));
}

/** The number that an operation makes of operands without elements; `undefined` where it makes several. */
function ofNothing(
  kernel: Kernel,
  operands: number,
  { size, storage }: Buffer,
): number | undefined {
  if (size === 0 || storage === 'integer') return;
  const found = new Float64Array(size);
  kernel(
    found,
    Array.from({ length: operands }, () => new Float64Array()),
  );
  return found.every((value) => Object.is(value, found[0])) ? found[0] : undefined;
}
