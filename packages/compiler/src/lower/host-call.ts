/**
 * Operations on whole arrays: routines, and, for what has no lowering of its own, calls of the interpreter's kernels on
 * the program's memory.
 */
import { type Kernel, kernelOf, type Type } from '@ad/graph';
import type { Draft } from './draft.ts';
import { indexedKernel } from './indexed.ts';
import type { HostCall } from './kernel.ts';
import { routineFor } from './routine.ts';
import { type Buffer, contiguousView } from './view.ts';

/** Adds the call for a node, or the kernel that spares it. */
export function lowerHost(draft: Draft, node: number): void {
  const { arena, kernels, simplified, views } = draft;
  const operands = simplified.operandsOf(node).map((operand) => draft.contiguous(operand));
  const result = draft.allocate(node);
  views.set(node, contiguousView(result, arena.typeOf(node).shape));
  const kernel = kernelOf(arena, node);
  const known = ofNothing(kernel, operands, result);
  if (known !== undefined) {
    const body = draft.loopOver([result.size]);
    const write = contiguousView(result, [result.size]);
    draft.store(body, simplified.rowOf(node).name, body.expressions.constant(known), write);
    return;
  }
  const row = arena.rowOf(node);
  const typeOf = (id: number): Type => arena.typeOf(id);
  const call: HostCall = {
    kind: 'host',
    row,
    kernel,
    work: {
      operation: row.name,
      attributes: arena.attributes.get(node) ?? {},
      operands: Array.from(arena.operandsOf(node), typeOf),
      result: typeOf(node),
    },
    operands,
    result,
  };
  kernels.push(
    indexedKernel(simplified, node, call) ?? routineFor(call, row.routine, draft.precision) ?? call,
  );
}

/** The number that an operation makes of operands without elements; `undefined` where it reads any, or makes several. */
function ofNothing(
  kernel: Kernel,
  operands: readonly Buffer[],
  { size, storage }: Buffer,
): number | undefined {
  if (size === 0 || storage === 'integer' || operands.some((operand) => operand.size > 0)) return;
  const found = new Float64Array(size);
  kernel(
    found,
    operands.map(() => new Float64Array()),
  );
  return found.every((value) => Object.is(value, found[0])) ? found[0] : undefined;
}
