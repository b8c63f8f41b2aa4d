/** How the body of a loop or branch is differentiated: by the same loops as the graph around, which hand themselves down. */
import type { GraphNode } from '@ad/graph';

/** A node, and the adjoint that it starts with. */
export type Seed = readonly [output: GraphNode, adjoint: GraphNode];

/** The adjoints of nodes from those of some outputs of the same graph; `undefined` where no message arrives. */
export type AdjointsOf = (
  seeds: readonly Seed[],
  targets: readonly GraphNode[],
) => (GraphNode | undefined)[];

/** The tangents of outputs from those of the nodes that move, of the same graph; `undefined` where nothing moves one. */
export type TangentsOf = (
  outputs: readonly GraphNode[],
  targets: readonly GraphNode[],
  directions: readonly GraphNode[],
) => (GraphNode | undefined)[];
