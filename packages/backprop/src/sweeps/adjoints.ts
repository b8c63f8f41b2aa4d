/** The result of a reverse sweep: the derivative of one output with respect to every node. */
import { GraphError, type GraphNode, type NodeValues, ShapeError, sizeOf, Tensor } from '@ad/graph';
import type { SweepCounts } from './counts.ts';

/**
 * The adjoints that {@link reverseSweep} computed.
 *
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { reverseSweep } from '@ad/backprop';
 *
 * const x = new Graph().input('x');
 * const square = x.mul(x);
 * const sweep = reverseSweep(square.add(1), { feeds: { x: 3 } });
 * sweep.value.item(); // => 10
 * sweep.adjoint(square); // => 1
 * sweep.adjoint(x); // => 6
 * ```
 */
export class Adjoints {
  /** The node that was differentiated. */
  readonly output: GraphNode;
  readonly #counts: SweepCounts | undefined;
  readonly #activations: NodeValues;
  readonly #adjoints: NodeValues;

  /** @internal */
  constructor(
    output: GraphNode,
    activations: NodeValues,
    adjoints: NodeValues,
    counts: SweepCounts | undefined,
  ) {
    this.output = output;
    this.#counts = counts;
    this.#activations = activations;
    this.#adjoints = adjoints;
  }

  /**
   * What the sweep did.
   *
   * @throws `GraphError` when the sweep was not asked to count.
   */
  get counts(): SweepCounts {
    if (this.#counts !== undefined) return this.#counts;
    throw new GraphError(
      'counts: this sweep did not count; call reverseSweep(output, { count: true })',
    );
  }

  /** The value of the output. */
  get value(): Tensor {
    return this.#activations.tensor(this.output.id);
  }

  /**
   * Whether any message reached the node. If none did, the output does not depend on it and its adjoint is 0.
   *
   * @throws `GraphError` when the node belongs to another graph.
   */
  reached(node: GraphNode): boolean {
    if (node.graph !== this.output.graph) {
      throw new GraphError('adjoint: the node belongs to another graph than the output');
    }
    return this.#adjoints.has(node.id);
  }

  /**
   * The derivative of the output with respect to a scalar node; 0 if the output does not depend on it.
   *
   * @throws `ShapeError` when the node is an array: use {@link adjointTensor}.
   * @throws `GraphError` when the node belongs to another graph.
   */
  adjoint(node: GraphNode): number {
    if (node.shape.length > 0) {
      throw new ShapeError(`adjoint: the node ${node.toString()} is an array; use adjointTensor`);
    }
    return this.reached(node) ? this.#adjoints.number(node.id) : 0;
  }

  /**
   * The derivative of the output with respect to any node, in the node's shape.
   *
   * @throws `GraphError` when the node belongs to another graph.
   */
  adjointTensor(node: GraphNode): Tensor {
    if (this.reached(node)) return this.#adjoints.tensor(node.id);
    return new Tensor(node.shape, 'real', new Float64Array(sizeOf(node.shape)));
  }
}
