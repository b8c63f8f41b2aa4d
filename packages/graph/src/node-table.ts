/**
 * A node for each of many others, such as the sum of the messages to it. Nodes are kept as their ids: handles that are
 * kept are moved by the collection of garbage, which takes several times as long as to make new ones.
 */
import type { Graph } from './graph.ts';
import { GraphNode } from './node.ts';

/** The mark of nodes of other graphs; ids are stored from 1 on, and 0 stands for none. */
const ELSEWHERE = -1;

/**
 * Nodes by number, from 0 to a largest one; most of them are nodes of one graph. For sweeps that note a node for each node
 * of a graph.
 *
 * @example
 * ```ts
 * import { Graph, NodeTable } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x');
 * const squares = new NodeTable(graph, graph.nodeCount);
 * squares.set(x.id, x.square());
 * squares.get(x.id)?.operation; // => 'square'
 * ```
 */
export class NodeTable {
  readonly #graph: Graph;
  readonly #ids: Int32Array;
  /** Nodes of other graphs: while a body is traced, what is built belongs to the body. */
  readonly #others = new Map<number, GraphNode>();

  /** A table of `size` places without nodes, 4 bytes each; nodes of other graphs than `graph` take more. */
  constructor(graph: Graph, size: number) {
    this.#graph = graph;
    this.#ids = new Int32Array(size);
  }

  /** The node at a place, if there is one. */
  get(place: number): GraphNode | undefined {
    const id = this.#ids[place];
    if (id === undefined || id === 0) return undefined;
    return id === ELSEWHERE ? this.#others.get(place) : new GraphNode(this.#graph, id - 1);
  }

  /** Puts a node at a place below `size`. */
  set(place: number, node: GraphNode): void {
    if (node.graph === this.#graph) {
      this.#ids[place] = node.id + 1;
    } else {
      this.#ids[place] = ELSEWHERE;
      this.#others.set(place, node);
    }
  }
}
