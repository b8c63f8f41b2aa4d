/**
 * Simplification: one pass up the graph that folds, applies identities and shares equal nodes, and one pass down that
 * leaves out what is not needed. Linear in the nodes and edges.
 */
import { ancestorsOf, type Graph } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { fold } from './folding.ts';
import { identityOf } from './identities.ts';
import { SeenNodes } from './sharing.ts';
import { Simplified } from './simplified.ts';
import { Rewriter } from './rewrites.ts';

/** Simplifies what the wanted nodes depend on. */
export function simplify(
  graph: Graph,
  wanted: readonly number[],
  precision: Precision,
): Simplified {
  const { arena } = graph;
  const ancestors = ancestorsOf(arena, wanted);
  const simplified = new Simplified(graph, (ancestors.at(-1) ?? -1) + 1);
  const seen = new SeenNodes(simplified, ancestors.length);
  const { codes, rows } = arena;
  const identities = rows.map(identityOf);
  const inputs: number[] = [];
  const uniform = new Map<string, number>();
  // Loops over indices: in graphs of millions of nodes an iterator costs as much as the rest.
  for (let i = 0; i < ancestors.length; i++) {
    const node = ancestors[i]!;
    const row = rows[codes[node]!]!;
    fold(simplified, node, row);
    const value = simplified.uniformValue(node);
    if (value !== undefined) {
      // One node for each number and type.
      const key = `${arena.typeIds[node]} ${Object.is(value, -0) ? '-0' : value}`;
      simplified.replace(node, uniform.get(key) ?? node);
      if (!uniform.has(key)) uniform.set(key, node);
      continue;
    }
    if (row.family === 'leaf') {
      if (graph.inputName(node) !== undefined) inputs.push(node);
      continue;
    }
    const identity = identities[codes[node]!];
    let same = identity === undefined ? -1 : identity(simplified, node);
    if (same < 0 || arena.typeIds[same] !== arena.typeIds[node]) same = seen.firstLike(node);
    if (same !== node) simplified.replace(node, same);
  }
  const rewriter = new Rewriter(simplified, precision);
  for (let i = 0; i < ancestors.length; i++) {
    const node = ancestors[i]!;
    if (!rewriter.concerns(codes[node]!)) continue;
    if (simplified.nodeFor(node) === node && simplified.uniformValue(node) === undefined)
      rewriter.visit(node);
  }
  // What a program can be fed does not depend on how it is simplified.
  simplified.order = neededNodes(simplified, [...wanted, ...inputs]);
  return simplified;
}

/** The nodes that the wanted ones are computed from, ascending. */
function neededNodes(simplified: Simplified, wanted: readonly number[]): Int32Array {
  let top = -1;
  for (const node of wanted) top = Math.max(top, simplified.nodeFor(node));
  const needed = new Uint8Array(top + 1);
  for (const node of wanted) needed[simplified.nodeFor(node)] = 1;
  let count = 0;
  for (let node = top; node >= 0; node--) {
    if (needed[node] === 0) continue;
    count++;
    const operands = simplified.operandCount(node);
    for (let k = 0; k < operands; k++) needed[simplified.operand(node, k)] = 1;
  }
  const order = new Int32Array(count);
  for (let node = top; node >= 0; node--) if (needed[node] === 1) order[--count] = node;
  return order;
}
