/** Programs that are too large for their memory. */
import { CapacityError, type Graph } from '@ad/graph';
import type { Buffer } from './lower/view.ts';
import { bytesOf } from './plan.ts';

/** How many arrays are named. */
const NAMED = 3;

/**
 * The error that says how much memory a program would need, and for what most of it.
 *
 * @param buffers - all of them: those that stay, those on the way, and space of kernels' own, which belongs to the node
 * that needs it.
 * @param elementSize - bytes of a number.
 */
export function tooLarge(
  graph: Graph,
  buffers: readonly Buffer[],
  bytes: number,
  elementSize: number,
): CapacityError {
  const byNode = new Map<number, number>();
  for (const buffer of new Set(buffers))
    byNode.set(buffer.node, (byNode.get(buffer.node) ?? 0) + bytesOf(buffer, elementSize));
  const largest = [...byNode]
    .sort(([, one], [, other]) => other - one)
    .slice(0, NAMED)
    .map(([node, size]) => `${graph.node(node).toString()} (${(size / 2 ** 20).toFixed(1)} MiB)`);
  return new CapacityError(
    `compile: the program would need ${(bytes / 2 ** 30).toFixed(2)} GiB, more than the 4 GiB that WebAssembly can address; ` +
      `most of it for ${largest.join(', ')}: use smaller batches, or f32`,
  );
}
