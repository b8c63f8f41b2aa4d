/** Which nodes an evaluation needs, in the order in which they can be computed. */
import type { Arena } from '../arena.ts';

/** 1 for the given nodes and everything they depend on, up to the largest id. O(V + E). */
export function neededFor(arena: Arena, ids: readonly number[]): Uint8Array {
  let top = -1;
  for (const id of ids) top = Math.max(top, id);
  const { operandStarts, operandIds } = arena;
  const needed = new Uint8Array(top + 1);
  for (const id of ids) needed[id] = 1;
  for (let node = top; node >= 0; node--) {
    if (needed[node] === 0) continue;
    const first = operandStarts[node]!;
    const last = operandStarts[node + 1]! - 1;
    if (last < first) continue;
    // Few nodes have more than two operands, and to count to one or two takes longer than to mark one twice.
    needed[operandIds[first]!] = 1;
    needed[operandIds[last]!] = 1;
    for (let e = first + 1; e < last; e++) needed[operandIds[e]!] = 1;
  }
  return needed;
}

/**
 * The ids of the given nodes and of everything they depend on, ascending: a topological order without dead nodes.
 * O(V + E) over the ids up to the largest one.
 */
export function ancestorsOf(arena: Arena, ids: readonly number[]): Int32Array {
  const needed = neededFor(arena, ids);
  let count = 0;
  for (let node = 0; node < needed.length; node++) count += needed[node]!;
  const order = new Int32Array(count);
  let at = 0;
  for (let node = 0; node < needed.length; node++) if (needed[node] === 1) order[at++] = node;
  return order;
}
