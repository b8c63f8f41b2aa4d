import { GraphError } from './errors.ts';
import type { Graph } from './graph.ts';

/** Nodes of two graphs were to be combined. Transforms of functions read from it what a function closes over. */
export class ForeignNodeError extends GraphError {
  override readonly name: string = 'ForeignNodeError';
  /** The two graphs. */
  readonly graphs: readonly [Graph, Graph];

  /** An error about nodes of these graphs. */
  constructor(message: string, graphs: readonly [Graph, Graph]) {
    super(message);
    this.graphs = graphs;
  }
}
