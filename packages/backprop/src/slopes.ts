/**
 * The local derivatives of all scalar operations at once, edge by edge, so that the sweep itself has nothing to decide:
 * it multiplies and adds. They are computed operation by operation, not node by node, because a loop over one formula
 * is several times faster than one that meets another formula at every node.
 */
import { type Arena, type ElementwiseRow, type NodeValues, numbers, SCALAR_REAL } from '@ad/graph';

/** The local derivatives of scalar operations by edge; 0 for edges of other operations. O(V + E). */
export function slopesOf(arena: Arena, top: number, activations: NodeValues): Float64Array {
  const { rows, operandStarts } = arena;
  const slopes = new Float64Array(operandStarts[top + 1]!);
  const { nodes, ends } = nodesByCode(arena, top, activations.present);
  rows.forEach((row, code) => {
    if (row.family !== 'elementwise') return;
    const group = nodes.subarray(ends[code - 1] ?? 0, ends[code]);
    row.partials.forEach((partial, k) => {
      if (typeof partial === 'number') {
        for (let i = 0; i < group.length; i++) slopes[operandStarts[group[i]!]! + k] = partial;
      } else {
        fill(arena, row.arity, k, partial, group, activations.scalars, slopes);
      }
    });
  });
  return slopes;
}

/** The derivatives with respect to operand `k` of nodes of one operation. */
function fill(
  { operandStarts, operandIds }: Arena,
  arity: number,
  k: number,
  partial: Exclude<ElementwiseRow['partials'][number], number>,
  nodes: Int32Array,
  scalars: Float64Array,
  slopes: Float64Array,
): void {
  for (let i = 0; i < nodes.length; i++) {
    const u = nodes[i]!;
    const first = operandStarts[u]!;
    const x = scalars[operandIds[first]!]!;
    const y = arity > 1 ? scalars[operandIds[first + 1]!]! : 0;
    const z = arity > 2 ? scalars[operandIds[first + 2]!]! : 0;
    slopes[first + k] = partial(numbers, scalars[u]!, x, y, z);
  }
}

/** The real scalar nodes that have activations, sorted by their operation, and where those of each end. */
function nodesByCode(
  { rows, codes, typeIds }: Arena,
  top: number,
  present: Uint8Array,
): { readonly nodes: Int32Array; readonly ends: Int32Array } {
  const ends = new Int32Array(rows.length + 1);
  for (let u = 0; u <= top; u++) {
    if (present[u] === 1 && typeIds[u] === SCALAR_REAL) ends[codes[u]! + 1]!++;
  }
  for (let code = 0; code < rows.length; code++) ends[code + 1]! += ends[code]!;
  const nodes = new Int32Array(ends[rows.length]!);
  for (let u = 0; u <= top; u++) {
    if (present[u] === 1 && typeIds[u] === SCALAR_REAL) nodes[ends[codes[u]!]!++] = u;
  }
  return { nodes, ends };
}
