/**
 * Handles of graph nodes. A handle is two words, the graph and an id; the node itself lives in the arena. Every
 * operation is a method here and a function of the same name in `functions/`: methods read well in chains,
 * functions can be left out of a bundle when they are not used.
 */
import type { Operand } from './explain.ts';
import { ShapeError } from './errors.ts';
import type { Graph } from './graph.ts';
import * as activation from './functions/activation.ts';
import * as arithmetic from './functions/arithmetic.ts';
import * as arrangement from './functions/arrangement.ts';
import * as comparison from './functions/comparison.ts';
import * as contraction from './functions/contraction.ts';
import * as cumulative from './functions/cumulative.ts';
import * as einsumFunctions from './functions/einsum.ts';
import * as exponential from './functions/exponential.ts';
import * as indexing from './functions/indexing.ts';
import * as layout from './functions/layout.ts';
import * as reduction from './functions/reduction.ts';
import * as rounding from './functions/rounding.ts';
import * as sorting from './functions/sorting.ts';
import * as trigonometric from './functions/trigonometric.ts';
import type { TensordotAxes } from './functions/einsum.ts';
import type { NormOptions, ReductionOptions, VarianceOptions } from './functions/reduction.ts';
import type { SliceRange } from './functions/layout.ts';
import type { SortOptions, TopK, TopKOptions } from './functions/sorting.ts';
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
  readonly graph: Graph;
  /** The number of the node: larger than those of all nodes it depends on. */
  readonly id: number;

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
    return Array.from(this.graph.arena.operandsOf(this.id), (id) => new GraphNode(this.graph, id));
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

  /** Sign of every element: -1, 0 or 1. Its derivative is 0 by definition. */
  sign(): GraphNode {
    return arithmetic.sign(this);
  }

  /** The largest integer that is not larger, of every element. Its derivative is 0 by definition. */
  floor(): GraphNode {
    return rounding.floor(this);
  }

  /** The smallest integer that is not smaller, of every element. Its derivative is 0 by definition. */
  ceil(): GraphNode {
    return rounding.ceil(this);
  }

  /** The nearest integer of every element; of two equally near ones the even one, as in IEEE 754 and Python. */
  round(): GraphNode {
    return rounding.round(this);
  }

  /** Every element without its fraction. Its derivative is 0 by definition. */
  trunc(): GraphNode {
    return rounding.trunc(this);
  }

  /** Remainder of $x / y$ with the sign of `y`, elementwise with broadcasting: `%` of Python, NumPy's `remainder`. */
  remainder(y: Operand): GraphNode {
    return rounding.remainder(this, y);
  }

  /** Remainder of $x / y$ with the sign of `x`, elementwise with broadcasting: `%` of JavaScript, `fmod` of C. */
  fmod(y: Operand): GraphNode {
    return rounding.fmod(this, y);
  }

  /** Square $x^2$ of every element. */
  square(): GraphNode {
    return arithmetic.square(this);
  }

  /** Reciprocal $1 / x$ of every element. */
  reciprocal(): GraphNode {
    return arithmetic.reciprocal(this);
  }

  /** Square root of every element; NaN below 0. The derivative at 0 is Infinity. */
  sqrt(): GraphNode {
    return arithmetic.sqrt(this);
  }

  /** Reciprocal square root $1 / \sqrt{x}$ of every element; NaN below 0. */
  rsqrt(): GraphNode {
    return arithmetic.rsqrt(this);
  }

  /** Cube root of every element, of negative ones too. The derivative at 0 is Infinity. */
  cbrt(): GraphNode {
    return arithmetic.cbrt(this);
  }

  /** Power $x^y$, elementwise with broadcasting; $x^0 = 1$ for every $x$. */
  pow(y: Operand): GraphNode {
    return arithmetic.pow(this, y);
  }

  /** The smaller of two, elementwise with broadcasting; NaN if either is. At a tie each has derivative 1/2. */
  minimum(y: Operand): GraphNode {
    return arithmetic.minimum(this, y);
  }

  /** The larger of two, elementwise with broadcasting; NaN if either is. At a tie each has derivative 1/2. */
  maximum(y: Operand): GraphNode {
    return arithmetic.maximum(this, y);
  }

  /** This limited to the range from `lowest` to `highest`, elementwise with broadcasting. */
  clamp(lowest: Operand, highest: Operand): GraphNode {
    return arithmetic.clamp(this, lowest, highest);
  }

  /** Exponential $e^x$ of every element. */
  exp(): GraphNode {
    return exponential.exp(this);
  }

  /** $e^x - 1$ of every element, accurate near 0. */
  expm1(): GraphNode {
    return exponential.expm1(this);
  }

  /** Power $2^x$ of every element. */
  exp2(): GraphNode {
    return exponential.exp2(this);
  }

  /** Natural logarithm of every element; NaN below 0. */
  log(): GraphNode {
    return exponential.log(this);
  }

  /** $\ln(1 + x)$ of every element, accurate near 0. */
  log1p(): GraphNode {
    return exponential.log1p(this);
  }

  /** Logarithm to base 2 of every element. */
  log2(): GraphNode {
    return exponential.log2(this);
  }

  /** Logarithm to base 10 of every element. */
  log10(): GraphNode {
    return exponential.log10(this);
  }

  /** $\ln(e^x + e^y)$, elementwise with broadcasting, without overflow. */
  logAddExp(y: Operand): GraphNode {
    return exponential.logAddExp(this, y);
  }

  /** $x \ln y$, elementwise with broadcasting; 0 where `x` is 0, whatever `y` is. */
  xlogy(y: Operand): GraphNode {
    return exponential.xlogy(this, y);
  }

  /** $x \ln(1 + y)$, elementwise with broadcasting; 0 where `x` is 0, whatever `y` is. */
  xlog1py(y: Operand): GraphNode {
    return exponential.xlog1py(this, y);
  }

  /** Error function $\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt$ of every element, to about 1 ulp. */
  erf(): GraphNode {
    return exponential.erf(this);
  }

  /** Complementary error function $1 - \operatorname{erf} x$ of every element, without cancellation. */
  erfc(): GraphNode {
    return exponential.erfc(this);
  }

  /** Sine of every element. */
  sin(): GraphNode {
    return trigonometric.sin(this);
  }

  /** Cosine of every element. */
  cos(): GraphNode {
    return trigonometric.cos(this);
  }

  /** Tangent of every element. */
  tan(): GraphNode {
    return trigonometric.tan(this);
  }

  /** Inverse sine of every element; NaN outside [-1, 1]. */
  asin(): GraphNode {
    return trigonometric.asin(this);
  }

  /** Inverse cosine of every element; NaN outside [-1, 1]. */
  acos(): GraphNode {
    return trigonometric.acos(this);
  }

  /** Inverse tangent of every element. */
  atan(): GraphNode {
    return trigonometric.atan(this);
  }

  /** Angle of the point with this ordinate and abscissa `x`, elementwise with broadcasting, in $(-\pi, \pi]$. */
  atan2(x: Operand): GraphNode {
    return trigonometric.atan2(this, x);
  }

  /** Hyperbolic sine of every element. */
  sinh(): GraphNode {
    return trigonometric.sinh(this);
  }

  /** Hyperbolic cosine of every element. */
  cosh(): GraphNode {
    return trigonometric.cosh(this);
  }

  /** Hyperbolic tangent of every element. */
  tanh(): GraphNode {
    return trigonometric.tanh(this);
  }

  /** Inverse hyperbolic sine of every element. */
  asinh(): GraphNode {
    return trigonometric.asinh(this);
  }

  /** Inverse hyperbolic cosine of every element; NaN below 1. */
  acosh(): GraphNode {
    return trigonometric.acosh(this);
  }

  /** Inverse hyperbolic tangent of every element; NaN outside [-1, 1]. */
  atanh(): GraphNode {
    return trigonometric.atanh(this);
  }

  /** $\sin(\pi x) / (\pi x)$ of every element, 1 at 0; accurate for large elements too. */
  sinc(): GraphNode {
    return trigonometric.sinc(this);
  }

  /** Length $\sqrt{x^2 + y^2}$, elementwise with broadcasting, without overflow. Both derivatives at the origin are 0. */
  hypot(y: Operand): GraphNode {
    return trigonometric.hypot(this, y);
  }

  /** Logistic function $1 / (1 + e^{-x})$ of every element. */
  sigmoid(): GraphNode {
    return activation.sigmoid(this);
  }

  /** $\ln(1 + e^x)$ of every element, without overflow. */
  softplus(): GraphNode {
    return activation.softplus(this);
  }

  /** $\ln \sigma(x) = -\ln(1 + e^{-x})$ of every element, without overflow. */
  logSigmoid(): GraphNode {
    return activation.logSigmoid(this);
  }

  /** Rectifier $\max(x, 0)$ of every element; the derivative at 0 is 0. */
  relu(): GraphNode {
    return activation.relu(this);
  }

  /** `x` where positive, else `slope * x`, elementwise. With a node as slope this is the parametric rectifier. */
  leakyRelu(slope: Operand = 0.01): GraphNode {
    return activation.leakyRelu(this, slope);
  }

  /** Exponential linear unit: `x` where positive, else `scale * (exp(x) - 1)`, elementwise. */
  elu(scale: Operand = 1): GraphNode {
    return activation.elu(this, scale);
  }

  /** Self-normalising exponential linear unit of every element: {@link elu} with scale 1.6733, times 1.0507. */
  selu(): GraphNode {
    return activation.selu(this);
  }

  /** Continuously differentiable exponential linear unit: `x` where positive, else `scale * (exp(x / scale) - 1)`. */
  celu(scale?: number): GraphNode {
    return activation.celu(this, scale);
  }

  /** Gaussian error linear unit $x \Phi(x)$ of every element, with the normal distribution function itself. */
  gelu(): GraphNode {
    return activation.gelu(this);
  }

  /** The Gaussian error linear unit with the approximation of $\Phi$ by a hyperbolic tangent, as in GPT-2: off by up */
  geluTanh(): GraphNode {
    return activation.geluTanh(this);
  }

  /** Sigmoid linear unit $x \sigma(x)$ of every element. */
  silu(): GraphNode {
    return activation.silu(this);
  }

  /** $x \tanh(\ln(1 + e^x))$ of every element. */
  mish(): GraphNode {
    return activation.mish(this);
  }

  /** $x / (1 + |x|)$ of every element. */
  softsign(): GraphNode {
    return activation.softsign(this);
  }

  /** Every element limited to [-1, 1]; the derivative at the bounds is 0. */
  hardTanh(): GraphNode {
    return activation.hardTanh(this);
  }

  /** $x / 6 + 1 / 2$ limited to [0, 1], of every element; the derivative at the bounds is 0. */
  hardSigmoid(): GraphNode {
    return activation.hardSigmoid(this);
  }

  /** Whether $x = y$, elementwise with broadcasting. */
  equal(y: Operand): GraphNode {
    return comparison.equal(this, y);
  }

  /** Whether $x \ne y$, elementwise with broadcasting. */
  notEqual(y: Operand): GraphNode {
    return comparison.notEqual(this, y);
  }

  /** Whether $x < y$, elementwise with broadcasting. */
  less(y: Operand): GraphNode {
    return comparison.less(this, y);
  }

  /** Whether $x \le y$, elementwise with broadcasting. */
  lessEqual(y: Operand): GraphNode {
    return comparison.lessEqual(this, y);
  }

  /** Whether $x > y$, elementwise with broadcasting. */
  greater(y: Operand): GraphNode {
    return comparison.greater(this, y);
  }

  /** Whether $x \ge y$, elementwise with broadcasting. */
  greaterEqual(y: Operand): GraphNode {
    return comparison.greaterEqual(this, y);
  }

  /** Whether this and another condition hold. */
  and(y: Operand): GraphNode {
    return comparison.and(this, y);
  }

  /** Whether this or another condition holds. */
  or(y: Operand): GraphNode {
    return comparison.or(this, y);
  }

  /** Whether exactly one of this and another condition holds. */
  xor(y: Operand): GraphNode {
    return comparison.xor(this, y);
  }

  /** The opposite of this condition. */
  not(): GraphNode {
    return comparison.not(this);
  }

  /** `x` where this condition holds, else `y`. */
  where(x: Operand, y: Operand): GraphNode {
    return comparison.where(this, x, y);
  }

  /** Sum over axes, by default over all. */
  sum(options?: ReductionOptions): GraphNode {
    return reduction.sum(this, options);
  }

  /** Arithmetic mean over axes, by default over all. */
  mean(options?: ReductionOptions): GraphNode {
    return reduction.mean(this, options);
  }

  /** Product over axes, by default over all. */
  prod(options?: ReductionOptions): GraphNode {
    return reduction.prod(this, options);
  }

  /** Variance over axes, by default over all. */
  variance(options?: VarianceOptions): GraphNode {
    return reduction.variance(this, options);
  }

  /** Standard deviation over axes, by default over all. */
  std(options?: VarianceOptions): GraphNode {
    return reduction.std(this, options);
  }

  /** Largest element over axes, by default over all. */
  max(options?: ReductionOptions): GraphNode {
    return reduction.max(this, options);
  }

  /** Smallest element over axes, by default over all. */
  min(options?: ReductionOptions): GraphNode {
    return reduction.min(this, options);
  }

  /** Logarithm of the sum of exponentials over axes, by default over all. */
  logSumExp(options?: ReductionOptions): GraphNode {
    return reduction.logSumExp(this, options);
  }

  /** Length of vectors over axes, by default over all; of order 2 unless said otherwise. */
  norm(options?: NormOptions): GraphNode {
    return reduction.norm(this, options);
  }

  /** Position of the largest element along an axis, by default the last. */
  argMax(axis?: number): GraphNode {
    return reduction.argMax(this, axis);
  }

  /** Position of the smallest element along an axis, by default the last. */
  argMin(axis?: number): GraphNode {
    return reduction.argMin(this, axis);
  }

  /** The `k` largest elements of an axis, by default the last, and their positions. */
  topK(k: number, options?: TopKOptions): TopK {
    return sorting.topK(this, k, options);
  }

  /** Positions of the elements of an axis, by default the last, in ascending order. */
  argSort(options?: SortOptions): GraphNode {
    return sorting.argSort(this, options);
  }

  /** Elements of an axis, by default the last, in ascending order. */
  sort(options?: SortOptions): GraphNode {
    return sorting.sort(this, options);
  }

  /** Whether all conditions hold over axes, by default over all. */
  all(options?: ReductionOptions): GraphNode {
    return reduction.all(this, options);
  }

  /** Whether any condition holds over axes, by default over all. */
  any(options?: ReductionOptions): GraphNode {
    return reduction.any(this, options);
  }

  /** Positive numbers that sum to 1 along an axis, by default the last. */
  softmax(axis?: number): GraphNode {
    return reduction.softmax(this, axis);
  }

  /** Logarithm of the softmax along an axis, by default the last. */
  logSoftmax(axis?: number): GraphNode {
    return reduction.logSoftmax(this, axis);
  }

  /** Sums up to and including each element along an axis, by default the last. */
  cumSum(axis?: number): GraphNode {
    return cumulative.cumSum(this, axis);
  }

  /** Products up to and including each element along an axis, by default the last. */
  cumProd(axis?: number): GraphNode {
    return cumulative.cumProd(this, axis);
  }

  /** Largest up to and including each element along an axis, by default the last. */
  cumMax(axis?: number): GraphNode {
    return cumulative.cumMax(this, axis);
  }

  /** Product of matrices, stacks of matrices and vectors, by NumPy's rules. */
  matmul(y: GraphNode): GraphNode {
    return contraction.matmul(this, y);
  }

  /** Inner product of two vectors. */
  dot(y: GraphNode): GraphNode {
    return einsumFunctions.dot(this, y);
  }

  /** Products of every element of a vector with every element of another. */
  outer(y: GraphNode): GraphNode {
    return einsumFunctions.outer(this, y);
  }

  /** Sum of products over the last `axes` axes of this and the first ones of `y`, or over the axes listed. */
  tensordot(y: GraphNode, axes?: TensordotAxes): GraphNode {
    return einsumFunctions.tensordot(this, y, axes);
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

  /** With an axis of length 1 inserted. */
  expandDims(axis: number): GraphNode {
    return layout.expandDims(this, axis);
  }

  /** Without axes of length 1. */
  squeeze(axes?: number | readonly number[]): GraphNode {
    return layout.squeeze(this, axes);
  }

  /** Parts of an axis, by default the first: as many equal ones as said, or of the lengths said. */
  split(parts: number | readonly number[], axis?: number): GraphNode[] {
    return arrangement.split(this, parts, axis);
  }

  /** Elements of the given axes, by default of all, in reverse order. */
  flip(axes?: number | readonly number[]): GraphNode {
    return arrangement.flip(this, axes);
  }

  /** Elements of an axis, by default the first, moved towards its end and round. */
  roll(shift: number, axis?: number): GraphNode {
    return arrangement.roll(this, shift, axis);
  }

  /** Every element of an axis, by default the first, `count` times in a row. */
  repeat(count: number, axis?: number): GraphNode {
    return arrangement.repeat(this, count, axis);
  }

  /** The whole array repeated: `counts[i]` times along axis `i`. */
  tile(counts: readonly number[]): GraphNode {
    return arrangement.tile(this, counts);
  }

  /** The part of matrices below their diagonal and on it, 0 elsewhere. */
  tril(offset?: number): GraphNode {
    return arrangement.tril(this, offset);
  }

  /** The diagonals of matrices, along the last axis. */
  diagonal(offset?: number): GraphNode {
    return arrangement.diagonal(this, offset);
  }

  /** The part of matrices above their diagonal and on it, 0 elsewhere. */
  triu(offset?: number): GraphNode {
    return arrangement.triu(this, offset);
  }

  /** A part: one range per axis, from the first axis on. */
  slice(ranges: readonly SliceRange[]): GraphNode {
    return layout.slice(this, ranges);
  }

  /** With zeros around it: one pair [before, after] per axis. */
  pad(padding: readonly (readonly [before: number, after: number])[]): GraphNode {
    return layout.pad(this, padding);
  }

  /** Elements at given positions of an axis, by default the first. */
  gather(indices: GraphNode, axis?: number): GraphNode {
    return indexing.gather(this, indices, axis);
  }

  /** Elements at given positions of an axis, by default the first, also by a list of numbers. */
  take(indices: GraphNode | readonly number[], axis?: number): GraphNode {
    return arrangement.take(this, indices, axis);
  }

  /** The vectors that are 1 at these integers and 0 elsewhere. */
  oneHot(depth: number): GraphNode {
    return indexing.oneHot(this, depth);
  }
}
