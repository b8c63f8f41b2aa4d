/** Routines as kernels, and as functions. */
import type { ArrayCompiler, KernelWriter } from '../lowering/compiler.ts';
import { contiguousView } from '../lowering/memory.ts';
import { CodeWriter } from './code-writer.ts';
import type { NumberRoutine, Routine } from './routine.ts';

/** Adds the kernel of a routine. */
export function lowerRoutine(c: ArrayCompiler, routine: Routine): boolean {
  const { work, precision, result } = c;
  const operands = work.operands.map((_, k) => c.contiguous(k));
  const doubles = routine.scratch?.(work) ?? 0;
  const scratch = c.fresh(precision === 'f64' ? doubles : 2 * doubles);
  c.add({
    description: `${work.operation}, element by element`,
    reads: operands.map((buffer) => contiguousView(buffer, [buffer.size])),
    writes: [result, ...(doubles === 0 ? [] : [contiguousView(scratch, [scratch.size])])],
    write(writer) {
      const w = new CodeWriter(writer, precision, scratch.address);
      const arrays = {
        operands: operands.map((operand) => w.elements(operand)),
        result: w.elements(result.buffer),
      };
      routine.write(w, arrays, work);
    },
  });
  return true;
}

/**
 * Writes the code of a function of numbers.
 *
 * @param arity - how many operands it has.
 * @param scratch - the address of its own space.
 */
export function writeNumbers(
  routine: NumberRoutine,
  arity: 1 | 2,
  writer: Pick<KernelWriter, 'code' | 'platform'>,
  scratch: number,
): void {
  const w = new CodeWriter(writer, 'f64', scratch);
  const operands = Array.from({ length: arity }, (_, k) => () => writer.code.get(k));
  routine(w, ...operands)();
}
