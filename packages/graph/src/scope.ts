/**
 * Scopes: the graph of a body while the function that builds it runs. Whatever the function uses of the graphs around
 * becomes an input of the body, so that the body is closed; nested bodies take it up through all levels. A scope ends with
 * the call: a node that is kept beyond it is foreign everywhere else.
 */
import type { Graph } from './graph.ts';
import type { GraphNode } from './node.ts';

/** The body that is being traced in a graph. */
export class Scope {
  /** The graph around. */
  readonly around: Graph;
  /** The nodes of the graphs around that were used, in order of first use. */
  readonly captured: GraphNode[] = [];
  readonly #graph: Graph;
  readonly #inputs = new Map<Graph, Map<number, GraphNode>>();

  /** Opens a scope: from now on `graph` lies inside of `around`. */
  constructor(graph: Graph, around: Graph) {
    this.#graph = graph;
    this.around = around;
    graph.scope = this;
    around.inner = graph;
    graph.callsInProgress++;
  }

  /** The input of the body that stands for a node of a graph around; the same one every time. */
  capture(node: GraphNode): GraphNode {
    let inputs = this.#inputs.get(node.graph);
    if (inputs === undefined) this.#inputs.set(node.graph, (inputs = new Map()));
    let input = inputs.get(node.id);
    if (input === undefined) {
      const { shape, kind } = node;
      input = this.#graph.input(`outer${this.captured.length}`, { shape, kind });
      if (node.label !== undefined) input.named(node.label);
      inputs.set(node.id, input);
      this.captured.push(node);
    }
    return input;
  }

  /** Whether a graph lies around this scope, at any distance. */
  isAround(graph: Graph): boolean {
    return graph === this.around || liesInside(this.around, graph);
  }

  /** Closes the scope: the function has returned or thrown. */
  close(): void {
    this.#graph.scope = undefined;
    this.around.inner = undefined;
    this.#graph.callsInProgress--;
  }
}

/** Whether the body that is traced in `graph` lies in `other`, at any depth. */
export function liesInside(graph: Graph, other: Graph): boolean {
  let { scope } = graph;
  while (scope !== undefined && scope.around !== other) ({ scope } = scope.around);
  return scope !== undefined;
}

/**
 * The body that is being traced inside of a graph, the innermost one; the graph itself where there is none. What is built
 * from nodes of the graph belongs there.
 */
export function innermost(graph: Graph): Graph {
  let inner = graph;
  while (inner.inner !== undefined) inner = inner.inner;
  return inner;
}
