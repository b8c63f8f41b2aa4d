import type { Graph, GraphNode } from '@ad/graph';

/** A function applied to inputs with values. */
export interface Built {
  readonly graph: Graph;
  /** The inputs, in order. */
  readonly inputs: readonly GraphNode[];
  readonly output: GraphNode;
}
