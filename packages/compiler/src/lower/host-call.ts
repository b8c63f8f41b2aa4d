/**
 * Operations on whole arrays: routines, and, for what has no lowering of its own, calls of the interpreter's kernels on
 * the program's memory.
 */
import { kernelOf, operations, type Type } from '@ad/graph';
import type { HostWork } from '../host-kernel.ts';
import type { Draft } from './draft.ts';
import { indexedKernel } from './indexed.ts';
import type { HostCall } from './kernel.ts';
import { routineFor } from './routine.ts';
import { contiguousView } from './view.ts';

/** Adds the call for a node, or the kernel that spares it. */
export function lowerHost(draft: Draft, node: number): void {
  const { arena, kernels, simplified, views } = draft;
  const operands = simplified.operandsOf(node).map((operand) => draft.contiguous(operand));
  const result = draft.allocate(node);
  views.set(node, contiguousView(result, arena.typeOf(node).shape));
  const work = workOf(draft, node);
  const call: HostCall = {
    kind: 'host',
    operation: simplified.rowOf(node).name,
    kernel: kernelOf(arena, node),
    ...(work === undefined ? {} : { work }),
    operands,
    result,
  };
  kernels.push(indexedKernel(simplified, node, call) ?? routineFor(call, draft.precision) ?? call);
}

/** What the interpreter does for a node, as data; `undefined` for rows that are not in the table, and for bodies. */
function workOf({ arena }: Draft, node: number): HostWork | undefined {
  const row = arena.rowOf(node);
  const { name, family } = row;
  if (family === 'control' || operations[name as keyof typeof operations] !== row) return undefined;
  const typeOf = (id: number): Type => arena.typeOf(id);
  return {
    operation: name,
    attributes: arena.attributes.get(node) ?? {},
    operands: Array.from(arena.operandsOf(node), typeOf),
    result: typeOf(node),
  };
}
