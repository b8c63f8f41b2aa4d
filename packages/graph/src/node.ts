/**
 * Handles of graph nodes. A handle is two words, the graph and an id; the node itself lives in the arena. Every
 * operation is a function in `functions/`; the everyday ones are methods too, which read well in chains. Only those
 * whose rows are small, because every program that has a node carries all methods and what they reach.
 */
import type { Operand } from './explain.ts';
import { ShapeError } from './errors.ts';
import type { Graph } from './graph.ts';
import * as activation from './functions/activation.ts';
import * as arithmetic from './functions/arithmetic.ts';
import * as contraction from './functions/contraction.ts';
import * as exponential from './functions/exponential.ts';
import * as layout from './functions/layout.ts';
import * as reduction from './functions/reduction.ts';
import * as trigonometric from './functions/trigonometric.ts';
import type { ReductionOptions } from './functions/reduction.ts';
import { Handle } from './handle.ts';
import { formatShape, type Shape } from './shape.ts';
import type { Kind, Tensor, Type } from './tensor.ts';

/**
 * A node of a {@link Graph}: a number or an array of numbers that is computed from other nodes.
 *
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: 3 });
 * const y = x.square().sub(1);
 * y.value; // => 8
 * y.operation; // => 'sub'
 * ```
 */
export class GraphNode extends Handle implements Type {
  /** The graph that the node belongs to. */
  declare readonly graph: Graph;
  /** The number of the node: larger than those of all nodes it depends on. */
  declare readonly id: number;

  /**
   * A handle of an existing node; nodes are made by `graph.input`, `graph.constant` and operations.
   *
   * @internal
   */
  constructor(graph: Graph, id: number) {
    super();
    this.graph = graph;
    this.id = id;
  }

  /** The dimensions, `[]` for a scalar. */
  get shape(): Shape {
    return this.graph.arena.typeOf(this.id).shape;
  }

  /** What the elements are. */
  get kind(): Kind {
    return this.graph.arena.typeOf(this.id).kind;
  }

  /** The name of the operation in the table, such as `matmul`, `input` or `constant`. */
  get operation(): string {
    return this.graph.arena.rowOf(this.id).name;
  }

  /** The nodes that this one is computed from. */
  get operands(): GraphNode[] {
    const { operandStarts, operandIds } = this.graph.arena;
    const operands: GraphNode[] = [];
    for (let e = operandStarts[this.id]!; e < operandStarts[this.id + 1]!; e++)
      operands.push(new GraphNode(this.graph, operandIds[e]!));
    return operands;
  }

  /** The label, if the node has one; inputs are labelled with their names. */
  get label(): string | undefined {
    return this.graph.label(this.id);
  }

  /** Labels the node, for messages and drawings, and returns it. */
  named(label: string): this {
    this.graph.setLabel(this.id, label);
    return this;
  }

  /**
   * The value of a scalar node for the current values of the inputs, computed on demand and cached; booleans as 0
   * and 1.
   *
   * @throws {@link ShapeError} when the node is an array: read {@link tensor}.
   * @throws {@link GraphError} when an input it depends on has no current value.
   */
  get value(): number {
    if (this.shape.length > 0) {
      throw new ShapeError(
        `value reads a scalar; this node (${this.operation}) has shape ${formatShape(this.shape)}: read tensor`,
      );
    }
    return this.graph.activation(this.id).data[0]!;
  }

  /**
   * The value of the node for the current values of the inputs, computed on demand and cached.
   *
   * @throws {@link GraphError} when an input it depends on has no current value.
   */
  get tensor(): Tensor {
    return this.graph.activation(this.id);
  }

  /** The id, label, operation and type in words. */
  override toString(): string {
    const label = this.label === undefined ? '' : ` "${this.label}"`;
    return `#${this.id}${label} = ${this.operation} ${formatShape(this.shape)} ${this.kind}`;
  }

  /** Sum $x + y$, elementwise with broadcasting. */
  add(y: Operand): GraphNode {
    return arithmetic.add(this, y);
  }

  /** Difference $x - y$, elementwise with broadcasting. */
  sub(y: Operand): GraphNode {
    return arithmetic.sub(this, y);
  }

  /** Product $x y$, elementwise with broadcasting. For products of matrices see {@link GraphNode.matmul}. */
  mul(y: Operand): GraphNode {
    return arithmetic.mul(this, y);
  }

  /** Quotient $x / y$, elementwise with broadcasting. */
  div(y: Operand): GraphNode {
    return arithmetic.div(this, y);
  }

  /** Negative $-x$ of every element. */
  neg(): GraphNode {
    return arithmetic.neg(this);
  }

  /** Absolute value $|x|$ of every element; the derivative at 0 is 0. */
  abs(): GraphNode {
    return arithmetic.abs(this);
  }

  /** Square $x^2$ of every element. */
  square(): GraphNode {
    return arithmetic.square(this);
  }

  /** Square root of every element; NaN below 0. The derivative at 0 is Infinity. */
  sqrt(): GraphNode {
    return arithmetic.sqrt(this);
  }

  /** Power $x^y$, elementwise with broadcasting; $x^0 = 1$ for every $x$. */
  pow(y: Operand): GraphNode {
    return arithmetic.pow(this, y);
  }

  /** Exponential $e^x$ of every element. */
  exp(): GraphNode {
    return exponential.exp(this);
  }

  /** Natural logarithm of every element; NaN below 0. */
  log(): GraphNode {
    return exponential.log(this);
  }

  /** Sine of every element. */
  sin(): GraphNode {
    return trigonometric.sin(this);
  }

  /** Cosine of every element. */
  cos(): GraphNode {
    return trigonometric.cos(this);
  }

  /** Hyperbolic tangent of every element. */
  tanh(): GraphNode {
    return trigonometric.tanh(this);
  }

  /** Logistic function $1 / (1 + e^{-x})$ of every element. */
  sigmoid(): GraphNode {
    return activation.sigmoid(this);
  }

  /** Rectifier $\max(x, 0)$ of every element; the derivative at 0 is 0. */
  relu(): GraphNode {
    return activation.relu(this);
  }

  /** Sum over axes, by default over all. */
  sum(options?: ReductionOptions): GraphNode {
    return reduction.sum(this, options);
  }

  /** Arithmetic mean over axes, by default over all. */
  mean(options?: ReductionOptions): GraphNode {
    return reduction.mean(this, options);
  }

  /** Product of matrices, stacks of matrices and vectors, by NumPy's rules. */
  matmul(y: GraphNode): GraphNode {
    return contraction.matmul(this, y);
  }

  /** The same elements in another shape; one dimension may be -1. */
  reshape(shape: Shape): GraphNode {
    return layout.reshape(this, shape);
  }

  /** The axes in another order, by default reversed. */
  transpose(axes?: readonly number[]): GraphNode {
    return layout.transpose(this, axes);
  }

  /** Repeated to a larger shape by the broadcasting rule. */
  broadcastTo(shape: Shape): GraphNode {
    return layout.broadcastTo(this, shape);
  }
}
