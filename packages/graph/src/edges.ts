/**
 * The edges along which messages travel: from a real node to its real operands, except where the derivative is zero
 * by definition (comparisons, signs, conditions, indices).
 */
import type { Arena } from './arena.ts';
import type { GraphNode } from './node.ts';
import type { Operation, Strengthening } from './rows/row.ts';

/** Whether an operation has a derivative with respect to its operand at `position`, kinds aside. */
function hasDerivative(row: Operation, position: number): boolean {
  if (row.family === 'elementwise') return row.partials[position] !== 0;
  return row.family !== 'leaf' && row.family !== 'discrete';
}

/** Whether edge `edge`, from node `node` to the operand at `position`, carries a message. */
export function carriesMessage(
  arena: Arena,
  node: number,
  position: number,
  edge: number,
): boolean {
  return (
    isReal(arena, node) &&
    isReal(arena, arena.operandIds[edge]!) &&
    hasDerivative(arena.rows[arena.codes[node]!]!, position)
  );
}

/** Whether the values of a node are real numbers. */
function isReal(arena: Arena, node: number): boolean {
  return arena.types[arena.typeIds[node]!]!.kind === 'real';
}

/** Whether an operation chooses between branches, so that products of messages below it are strong: 0 wins. */
export function guardsBranches(row: Operation): boolean {
  return row.guards !== undefined;
}

/** What makes 0 win in the products of messages below choices; `undefined` where there are none. */
export function strengtheningOf(rows: readonly Operation[]): Strengthening | undefined {
  return rows.find(guardsBranches)?.guards;
}

/** Bit of {@link factsOf}: elementwise. Bits 0 to 2 say for which operands there is a derivative. */
export const IS_ELEMENTWISE = 8;
/** Bit of {@link factsOf}: chooses between branches. */
export const GUARDS = 16;

/**
 * What a sweep asks of every node, by code of its operation. Rows are objects of many forms, so asking them costs more
 * than the arithmetic of a node.
 */
export function factsOf(rows: readonly Operation[]): Uint8Array {
  return Uint8Array.from(rows, (row) => {
    const guards = guardsBranches(row) ? GUARDS : 0;
    if (row.family !== 'elementwise') return guards;
    let facts = IS_ELEMENTWISE | guards;
    row.partials.forEach((_, k) => {
      if (hasDerivative(row, k)) facts |= 1 << k;
    });
    return facts;
  });
}

/** 1 for each node up to `top` that depends on one of the targets, or is one. O(V + E). */
export function dependents(arena: Arena, targets: readonly GraphNode[], top: number): Uint8Array {
  const active = new Uint8Array(top + 1);
  let lowest = top + 1;
  for (const { id } of targets) {
    if (id <= top) active[id] = 1;
    lowest = Math.min(lowest, id);
  }
  const { operandStarts, operandIds } = arena;
  for (let node = lowest; node <= top; node++) {
    const end = operandStarts[node + 1]!;
    for (let e = operandStarts[node]!; e < end; e++) {
      if (active[operandIds[e]!] === 1) active[node] = 1;
    }
  }
  return active;
}
