/**
 * Simplification: one pass up the graph that folds, applies identities and shares equal nodes, and one pass down that
 * leaves out what is not needed. Linear in the nodes and edges.
 */
import { ancestorsOf, type Graph } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { fold, foldingOf } from './folding.ts';
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
  const seen = new SeenNodes(simplified);
  const numbers = new KnownNumbers();
  const { codes, typeIds } = arena;
  // By code: rows are objects of many forms, and looking at one costs more than what is done with a node.
  const foldings = arena.rows.map(foldingOf);
  const identities = arena.rows.map(identityOf);
  const rewriter = new Rewriter(simplified, precision);
  const inputs: number[] = [];
  // Loops over indices: in graphs of millions of nodes an iterator costs as much as the rest.
  for (let i = 0; i < ancestors.length; i++) {
    const node = ancestors[i]!;
    const code = codes[node]!;
    const folding = foldings[code]!;
    simplified.settle(node);
    fold(simplified, node, folding);
    if (simplified.isUniform(node)) {
      const value = simplified.uniformValue(node)!;
      simplified.replace(node, numbers.firstLike(typeIds[node]!, value, node));
      continue;
    }
    if (folding === 'leaf') {
      if (graph.inputName(node) !== undefined) inputs.push(node);
      continue;
    }
    const identity = identities[code];
    let same = identity === undefined ? -1 : identity(simplified, node);
    if (same < 0 || typeIds[same] !== typeIds[node]) same = seen.firstLike(node);
    if (same !== node) simplified.replace(node, same);
  }
  if (rewriter.concernsAny) {
    for (let i = 0; i < ancestors.length; i++) {
      const node = ancestors[i]!;
      if (!rewriter.concerns(codes[node]!)) continue;
      if (simplified.nodeFor(node) === node && !simplified.isUniform(node)) rewriter.visit(node);
    }
  }
  // What a program can be fed does not depend on how it is simplified.
  simplified.order = neededNodes(simplified, [...wanted, ...inputs]);
  return simplified;
}

/** The first node of each type and number. */
class KnownNumbers {
  readonly #byType = new Map<number, Map<number, number>>();

  /** The first node of this type that is this number: the given one, if there was none. */
  firstLike(typeId: number, value: number, node: number): number {
    // A map does not tell -0 from 0.
    const key = Object.is(value, -0) ? -1 - typeId : typeId;
    let nodes = this.#byType.get(key);
    if (nodes === undefined) {
      nodes = new Map();
      this.#byType.set(key, nodes);
    }
    const known = nodes.get(value);
    if (known !== undefined) return known;
    nodes.set(value, node);
    return node;
  }
}

/** The nodes that the wanted ones are computed from, ascending. */
function neededNodes(simplified: Simplified, wanted: readonly number[]): Int32Array {
  let top = -1;
  for (const node of wanted) top = Math.max(top, simplified.nodeFor(node));
  const { operandStarts, operandEnds, operandIds } = simplified;
  const needed = new Uint8Array(top + 1);
  for (const node of wanted) needed[simplified.nodeFor(node)] = 1;
  let count = 0;
  for (let node = top; node >= 0; node--) {
    if (needed[node] === 0) continue;
    count++;
    const end = operandEnds[node]!;
    for (let e = operandStarts[node]!; e < end; e++) needed[operandIds[e]!] = 1;
  }
  const order = new Int32Array(count);
  for (let node = top; node >= 0; node--) if (needed[node] === 1) order[--count] = node;
  return order;
}
