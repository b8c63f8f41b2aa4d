/**
 * Simplification: one pass up the graph that folds, applies identities, finds cheaper ways and shares equal nodes, and one
 * pass down that leaves out what is not needed. Linear in the nodes and edges.
 *
 * Here and in what follows, a loop over all nodes is a function of its own. Engines compile a loop while it runs, and throw
 * the code away when they come to what they have not seen yet, such as what stands after the loop.
 */
import { type Graph, neededFor } from '@ad/graph';
import type { Precision } from '../code/expression.ts';
import { fold } from './folding.ts';
import { identityOf, neutralOf } from './identities.ts';
import { SeenNodes } from './sharing.ts';
import { KNOWN, Simplified } from './simplified.ts';
import { Rewriter } from './rewrites.ts';

/** Simplifies what the wanted nodes depend on. */
export function simplify(
  graph: Graph,
  wanted: readonly number[],
  precision: Precision,
): Simplified {
  const needed = neededFor(graph.arena, wanted);
  const simplified = new Simplified(graph, needed.length);
  const inputs = simplifyUpwards(simplified, needed, precision);
  // What a program can be fed does not depend on how it is simplified.
  const top = markNeeded(simplified, [...wanted, ...inputs], needed.fill(0));
  simplified.order = listNeeded(needed, top);
  return simplified;
}

/** Simplifies the nodes that are marked, and returns the inputs among them. */
function simplifyUpwards(
  simplified: Simplified,
  needed: Uint8Array,
  precision: Precision,
): readonly number[] {
  const { codes, rows, typeIds } = simplified.arena;
  const seen = new SeenNodes(simplified);
  const numbers = new KnownNumbers();
  const rewriter = new Rewriter(simplified, precision);
  // By code: rows are objects of many forms, and looking at one costs more than what is done with a node.
  const identities = rows.map(identityOf);
  const neutrals = rows.map(neutralOf);
  const isPlain = rows.map(
    (row, code) =>
      row.family !== 'leaf' && identities[code] === undefined && !rewriter.concerns(row),
  );
  const inputs: number[] = [];
  /** The node that stands for a node about which, or about whose operands, there is something to know. */
  const simplest = (node: number, code: number, remarks: number): number => {
    const isLeaf = rows[code]!.family === 'leaf';
    const known = (remarks & KNOWN) !== 0;
    if (known || isLeaf) fold(simplified, node);
    const value = simplified.uniformValue(node);
    if (value !== undefined) return numbers.firstLike(typeIds[node]!, value, node);
    if (isLeaf) {
      if (simplified.graph.inputName(node) !== undefined) inputs.push(node);
      return node;
    }
    const identity = (known ? neutrals[code] : undefined) ?? identities[code];
    const same = identity === undefined ? -1 : identity(simplified, node);
    if (same >= 0 && typeIds[same] === typeIds[node]) return same;
    rewriter.visit(node);
    return seen.firstLike(node);
  };
  for (let node = 0; node < needed.length; node++) {
    if (needed[node] === 0) continue;
    const code = codes[node]!;
    const remarks = simplified.settle(node);
    const same =
      remarks === 0 && isPlain[code]! ? seen.firstLike(node) : simplest(node, code, remarks);
    if (same !== node) simplified.replace(node, same);
  }
  return inputs;
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

/** Marks the nodes that the wanted ones are computed from, and returns the largest. */
function markNeeded(simplified: Simplified, wanted: readonly number[], needed: Uint8Array): number {
  let top = -1;
  for (const node of wanted) {
    const same = simplified.nodeFor(node);
    needed[same] = 1;
    top = Math.max(top, same);
  }
  const { operandStarts, operandEnds, operandIds } = simplified;
  for (let node = top; node >= 0; node--) {
    if (needed[node] === 0) continue;
    const first = operandStarts[node]!;
    const last = operandEnds[node]! - 1;
    if (last < first) continue;
    needed[operandIds[first]!] = 1;
    needed[operandIds[last]!] = 1;
    for (let e = first + 1; e < last; e++) needed[operandIds[e]!] = 1;
  }
  return top;
}

/** The nodes that are marked, up to the largest, ascending. */
function listNeeded(needed: Uint8Array, top: number): Int32Array {
  const order = new Int32Array(top + 1);
  let count = 0;
  for (let node = 0; node <= top; node++) if (needed[node] === 1) order[count++] = node;
  return order.subarray(0, count);
}
