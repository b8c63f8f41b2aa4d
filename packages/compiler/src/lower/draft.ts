/**
 * The program while it is being lowered: what is known of its nodes, the kernels so far, and where the values of nodes
 * are in memory.
 */
import { type Arena, type Graph, type GraphNode, type Shape, sizeOf, type Type } from '@ad/graph';
import type { Expression, Precision } from '../code/expression.ts';
import { asNumbers, type VectorMath, type VectorValue } from '../code/vector-algebra.ts';
import { simplify } from '../passes/simplify.ts';
import type { Simplified } from '../passes/simplified.ts';
import { assembliesOf, type Assemblies, readByWholes } from './assembly.ts';
import { Classes, type NodeClass } from './classes.ts';
import type { Kernel } from './kernel.ts';
import { LoopBody } from './loop-body.ts';
import { Bodies } from './loop-code.ts';
import { rewriteOuterProducts } from './outer-products.ts';
import { stackSumsOf } from './stack-sums.ts';
import { Users } from './users.ts';
import {
  broadcastView,
  type Buffer,
  contiguousView,
  isContiguous,
  newBuffer,
  type View,
} from './view.ts';

/** A program that is being lowered. */
export class Draft {
  readonly arena: Arena;
  readonly simplified: Simplified;
  readonly precision: Precision;
  readonly math: VectorMath;
  /** The nodes that are wanted in buffers of their own. */
  readonly stored: ReadonlySet<number>;
  readonly assemblies: Assemblies;
  readonly users: Users;
  /** What fused loops compute. */
  readonly bodies: Bodies;
  /** Sums over whole stacks of products, and these: one product with a longer inner dimension. */
  readonly stackSums: ReadonlyMap<number, number>;
  /** The kernels so far, in the order in which they run. */
  readonly kernels: Kernel[] = [];
  /** Looks at positions that are given, by positions and length of the axis: they come before all other kernels. */
  readonly bounds: Map<string, Kernel> = new Map();
  /** Where the values of nodes are. */
  readonly views: Map<number, View> = new Map();
  /** What nodes are. */
  readonly classes: Classes;

  constructor(graph: Graph, roots: readonly GraphNode[], precision: Precision, math: VectorMath) {
    this.arena = graph.arena;
    this.precision = precision;
    this.math = math;
    this.bodies = new Bodies(precision, math);
    const ids = roots.map((root) => root.id);
    this.simplified = simplify(graph, ids, precision);
    this.stored = new Set(ids.map((id) => this.simplified.nodeFor(id)));
    const users = new Users(this.simplified);
    this.assemblies = assembliesOf(this.simplified, users, this.stored);
    this.users = readByWholes(this.simplified, users, this.assemblies);
    const classes = new Classes(this.simplified, this.assemblies);
    const hasProducts = this.simplified.rows.some(({ family }) => family === 'bilinear');
    this.stackSums = hasProducts
      ? stackSumsOf(this.simplified, this.users, this.stored, classes)
      : new Map();
    for (const [sum, product] of this.stackSums) {
      classes.set(sum, 'contraction');
      classes.set(product, 'inner');
    }
    if (hasProducts) rewriteOuterProducts(this.simplified, classes);
    this.classes = classes;
  }

  /** Whether all that is computed are scalars: one region, and nothing around it. */
  get isScalar(): boolean {
    return this.classes.isScalar;
  }

  /** What a node is. */
  classOf(node: number): NodeClass {
    return this.classes.of(node);
  }

  /** A loop over the elements of a shape, to be written. */
  loopOver(shape: Shape): LoopBody {
    return new LoopBody(shape, this.precision, this.math);
  }

  /** A kernel that stores one value, in a loop over the elements of `write`. */
  store(body: LoopBody, operation: string, expression: Expression, write: View): void {
    const reduced = write.shape.map(() => false);
    this.kernels.push(
      body.finish([operation], reduced, [{ expression, write, combine: undefined }]),
    );
  }

  /** Where the value of a node is. A known number is written to memory when a kernel asks for it there. */
  viewOf(node: number): View {
    const known = this.views.get(node);
    if (known !== undefined) return known;
    const { kind, shape } = this.arena.typeOf(node);
    const write = contiguousView(newBuffer(node, 1), []);
    const body = this.loopOver([]);
    this.store(body, kind, body.expressions.constant(this.simplified.uniformValue(node)!), write);
    const view = broadcastView(write, shape);
    this.views.set(node, view);
    return view;
  }

  /** The element of a node that a loop stands at: a number, or what it reads. */
  elementIn(body: LoopBody, node: number): VectorValue {
    const uniform = this.simplified.uniformValue(node);
    return uniform === undefined ? body.read(this.viewOf(node)) : body.algebra.constant(uniform);
  }

  /** An operand that is not read backwards along any axis. */
  forwards(node: number): View {
    const view = this.viewOf(node);
    return view.strides.every((stride) => stride >= 0)
      ? view
      : contiguousView(this.copy(node, view), view.shape);
  }

  /** The value of a node in a buffer of its own, row-major. */
  contiguous(node: number): Buffer {
    const view = this.viewOf(node);
    return view.offset === 0 && isContiguous(view) && view.buffer.size === sizeOf(view.shape)
      ? view.buffer
      : this.copy(node, view);
  }

  /** The elements of a view, row-major in a buffer of their own. */
  copy(node: number, source: View): Buffer {
    const body = this.loopOver(source.shape);
    const buffer = this.allocate(node);
    const value = asNumbers(body.expressions, body.read(source));
    this.store(body, 'copy', value, contiguousView(buffer, source.shape));
    return buffer;
  }

  /** A buffer for the value of a node. */
  allocate(node: number): Buffer {
    const { kind, shape } = this.arena.typeOf(node);
    return newBuffer(node, sizeOf(shape), kind === 'integer' ? 'integer' : 'real');
  }

  /** The type of a node's first operand. */
  operandType(node: number): Type {
    return this.arena.typeOf(this.simplified.operand(node, 0));
  }

  /** Which axes of its operand a reduction reduces. */
  reducedAxes(node: number): boolean[] {
    const { axes } = this.arena.attributes.get(node) as { axes: readonly number[] };
    return this.operandType(node).shape.map((_, axis) => axes.includes(axis));
  }
}
