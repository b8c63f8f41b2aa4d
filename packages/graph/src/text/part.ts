/**
 * Which part of a graph a listing, a drawing or a file is about: what some nodes need, or all of it. The ids come
 * ascending, so operands stand before the nodes that use them. O(V + E), no recursion.
 */
import { isGraphNode } from '../explain.ts';
import { GraphError, ValueError } from '../errors.ts';
import { Graph } from '../graph.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { GraphNode } from '../node.ts';

/** A part of a graph: one node or several with all that they need, or a whole graph. */
export type GraphPart = GraphNode | readonly GraphNode[] | Graph;

/** The nodes of a part. */
export interface Selection {
  readonly graph: Graph;
  /** The ids of the nodes, ascending. */
  readonly ids: Int32Array;
  /** The nodes that were asked for; none when a whole graph was. */
  readonly outputs: readonly GraphNode[];
}

/**
 * The nodes that a part has.
 *
 * @param caller - the function that speaks in messages.
 * @throws {@link GraphError} when the list is empty, has something else than nodes, or nodes of different graphs.
 */
export function select(part: GraphPart, caller: string): Selection {
  if (part instanceof Graph) {
    const ids = new Int32Array(part.nodeCount);
    for (let id = 0; id < ids.length; id++) ids[id] = id;
    return { graph: part, ids, outputs: [] };
  }
  const outputs = isList(part) ? part : [part];
  const graph = graphOf(outputs, caller);
  const ids = ancestorsOf(
    graph.arena,
    outputs.map((output) => output.id),
  );
  return { graph, ids, outputs };
}

/**
 * A limit on the number of nodes, checked.
 *
 * @throws {@link ValueError} when it is neither a non-negative integer nor Infinity.
 */
export function checkLimit(limit: number, caller: string): number {
  if ((Number.isInteger(limit) || limit === Infinity) && limit >= 0) return limit;
  throw new ValueError(
    `${caller}: the limit is ${limit}, expected an integer from 0 up, or Infinity for none`,
  );
}

function graphOf(outputs: readonly GraphNode[], caller: string): Graph {
  outputs.forEach((output, k) => {
    if (!isGraphNode(output)) {
      throw new GraphError(
        `${caller}: output ${k + 1} of ${outputs.length} is not a graph node; give a node, a list of nodes or a graph`,
      );
    }
    if (output.graph !== outputs[0]!.graph) {
      throw new GraphError(
        `${caller}: output ${k + 1} belongs to another graph than output 1; take the graphs one by one`,
      );
    }
  });
  if (outputs.length === 0) {
    throw new GraphError(`${caller}: no outputs given; give a node, a list of nodes or a graph`);
  }
  return outputs[0]!.graph;
}

function isList(part: GraphNode | readonly GraphNode[]): part is readonly GraphNode[] {
  return Array.isArray(part);
}
