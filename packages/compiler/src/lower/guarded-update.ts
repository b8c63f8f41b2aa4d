/**
 * Updates under a condition. Where the new value of an input is `where(condition, value, input)` with a single truth
 * value, nothing is chosen element by element. A loop that may write the value over the input keeps the old elements in a
 * buffer beside it, from which they are put back if the condition turns out not to hold; other values are copied to the
 * input if it does.
 */
import type { GraphNode } from '@ad/graph';
import { where } from '@ad/graph/rows';
import type { UpdateBuffers } from './in-place.ts';
import type { Kernel } from './kernel.ts';
import { type Buffer, newBuffer } from './view.ts';

/** An update of an input. */
export interface GuardedUpdate {
  /** What is updated. */
  readonly input: GraphNode;
  /** Its new value. */
  readonly value: GraphNode;
  /** The scalar that says whether it is updated; `undefined` if it always is. */
  readonly condition: GraphNode | undefined;
}

/** An update as a value and the condition under which it is made. */
export function guardedUpdate(input: GraphNode, value: GraphNode): GuardedUpdate {
  const { graph } = value;
  const { arena } = graph;
  if (arena.rowOf(value.id) === where) {
    const [condition, chosen, otherwise] = arena.operandsOf(value.id) as Iterable<number> as [
      number,
      number,
      number,
    ];
    const isSingle = arena.typeOf(condition).shape.length === 0;
    if (otherwise === input.id && isSingle && arena.typeIds[chosen] === arena.typeIds[input.id])
      return { input, value: graph.node(chosen), condition: graph.node(condition) };
  }
  return { input, value, condition: undefined };
}

/** Kernels that keep what guarded updates overwrite, and what is left to be copied behind them. */
export interface GuardedKernels {
  readonly kernels: readonly Kernel[];
  /** Old elements that are put back where the condition does not hold. */
  readonly restored: readonly UpdateBuffers[];
}

/**
 * Lets the loops that write over inputs under a condition keep the old elements.
 *
 * @param inPlace - the updates that need no copy, by the buffer of the new value; those are taken out whose old elements
 * cannot be kept by the loop.
 */
export function keepOldElements(
  kernels: readonly Kernel[],
  updates: readonly UpdateBuffers[],
  inPlace: Map<Buffer, Buffer>,
): GuardedKernels {
  if (updates.every(({ condition }) => condition === undefined)) return { kernels, restored: [] };
  const writtenBy = new Map<Buffer, number>();
  kernels.forEach((kernel, time) => {
    if (kernel.kind === 'loop')
      for (const { write } of kernel.results) writtenBy.set(write.buffer, time);
  });
  const result = [...kernels];
  const restored: UpdateBuffers[] = [];
  for (const { from, to, condition } of updates) {
    if (condition === undefined || !inPlace.has(from)) continue;
    const time = writtenBy.get(from);
    const kernel = time === undefined ? undefined : result[time];
    const read = kernel?.kind === 'loop' ? kernel.reads.findIndex((v) => v.buffer === to) : -1;
    if (kernel?.kind !== 'loop' || read < 0) {
      inPlace.delete(from);
      continue;
    }
    const kept = newBuffer(to.node, to.size, to.storage);
    // First of all: what follows may write over it.
    const old = {
      expression: kernel.expressions.input(read),
      write: { ...kernel.reads[read]!, buffer: kept },
      combine: undefined,
    };
    result[time!] = { ...kernel, results: [old, ...kernel.results] };
    restored.push({ from: kept, to, condition });
  }
  return { kernels: result, restored };
}
