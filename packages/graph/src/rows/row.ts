/**
 * What one row of the operation table states. A row holds facts only: how shapes combine, how values are computed,
 * how derivatives are formed. Every mode of evaluation and differentiation is a short interpreter over these facts.
 *
 * Families:
 * - *leaf*: inputs and constants.
 * - *elementwise*: scalar expressions over an algebra, applied with broadcasting.
 * - *linear* in every real operand: the derivative is the transpose; forward mode is the operation itself.
 * - *bilinear*: linear in each of two operands, so one transpose per operand, given the other.
 * - *reduction*: one result for many elements, with an elementwise local derivative.
 * - *smooth*: any other differentiable function; the row states both rules, for messages and for tangents.
 * - *discrete*: no derivative, by definition; there is no edge for messages at all.
 * - *control*: loops and branches, whose bodies are graphs of their own; derivatives are loops and branches again.
 *
 * Elementwise rows and nonlinear reductions can be applied to a batch as they are; the others state how (`batch`).
 */
import type { Algebra } from '../algebra/algebra.ts';
import type { Arena } from '../arena.ts';
import type { Body } from '../body.ts';
import type { BodyTangentsOf, ControlNode, PushedParts } from '../control/derivatives.ts';
import type { Parts } from '../control/parts.ts';
import type { ArrayCompiler, NumberCode } from '../lowering/compiler.ts';
import type { ControlCompiler, LoweredBody, LoweredControl } from '../lowering/control.ts';
import type { GraphNode } from '../node.ts';
import type { Kind, Tensor, TensorData, Type } from '../tensor.ts';
import type { VectorFunction } from '../vector-code/expressions.ts';
import type { Segment, Segments } from './segments.ts';

/** What an attribute of a node can be: plain data or a body, so that graphs can be saved. */
export type AttributeValue = number | boolean | readonly number[] | Body;

/** The attributes of a node by name, such as the axes of a reduction. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What a row says of one of its attributes, enough to check an untrusted file. */
export type AttributeKind = 'integer' | 'boolean' | 'integers' | 'body';

/**
 * One local derivative, an expression in the result and the operands. `0` stands for "no edge": the derivative is
 * zero by definition. Any other number stands for that constant.
 */
export type Partial = number | (<T>(A: Algebra<T>, result: T, x: T, y: T, z: T) => T);

/**
 * The loops that compilers know by name, for operations that are more to them than a call of their kernel: layouts that
 * are views, reductions in one loop, products, reading and writing at positions. An operation of the user's own has none.
 */
export type Lowering =
  | 'broadcast'
  | 'reshape'
  | 'slice'
  | 'transpose'
  | 'windows'
  | 'all'
  | 'any'
  | 'max'
  | 'min'
  | 'prod'
  | 'sum'
  | 'concat'
  | 'pad'
  | 'gather'
  | 'matmul';

/** Puts the variant in whose products 0 wins, even over Infinity and NaN, in the place of each operation that has one. */
export type Strengthening = <V>(B: Builder<V>) => Builder<V>;

/** What every row has. */
interface RowFacts {
  /** The name in the table, in listings and in files. */
  readonly name: string;
  /** How many operands; `null` when any positive number will do. */
  readonly arity: number | null;
  /** The function in mathematical notation (LaTeX), for the documentation. */
  readonly formula: string;
  /** True for operations whose nodes stand for themselves: equal ones stay apart where a graph shares its nodes. */
  readonly isDistinct?: true;
  /** True where two operands may change places. */
  readonly commutes?: true;
  /**
   * Of operations that choose between operands: products of messages below them are strong (0 wins), in rules over the
   * builder that this makes.
   */
  readonly guards?: Strengthening;
  /** The loop by which compilers compute it, if it is one that they know. */
  readonly lowering?: Lowering;
}

/** A point where the derivative is a matter of convention. */
export interface Kink {
  /** The operands. */
  readonly at: readonly number[];
  /** The partial derivatives chosen there. */
  readonly partials: readonly number[];
  /** By which rule. */
  readonly why: string;
}

/** A scalar expression applied to every element, operands broadcast together. */
export interface ElementwiseRow extends RowFacts {
  /** The family. */
  readonly family: 'elementwise';
  readonly arity: 1 | 2 | 3;
  /** The kinds of the operands, when they are restricted; reals, integers and booleans all serve as numbers otherwise. */
  readonly operandKinds?: readonly (Kind | null)[];
  /** The kind of the result: real, boolean, or that of the operands after the condition (`where`). */
  readonly resultKind: 'real' | 'boolean' | 'branches';
  /** The value, an expression over any algebra. */
  value<T>(A: Algebra<T>, x: T, y: T, z: T): T;
  /** One derivative per operand. */
  readonly partials: readonly Partial[];
  /** Where the function is defined and smooth, per operand, for tests: open intervals. Default: everywhere. */
  readonly domain?: readonly (readonly [number, number])[];
  /** Points where the derivative is a convention: operands and the partials chosen there. */
  readonly kinks?: readonly Kink[];
}

/** The functions that expressions call by their rows; what is not here, algebras have themselves. */
export type FunctionName =
  | 'acos'
  | 'acosh'
  | 'asin'
  | 'asinh'
  | 'atan'
  | 'atan2'
  | 'atanh'
  | 'cbrt'
  | 'cosh'
  | 'digamma'
  | 'erf'
  | 'erfc'
  | 'expm1'
  | 'fmod'
  | 'hypot'
  | 'lgamma'
  | 'log10'
  | 'log1p'
  | 'log2'
  | 'polygamma'
  | 'sinh'
  | 'softplus'
  | 'tan';

/** The row of a function that is no expression in others: what an algebra is told of it where it is called. */
export interface FunctionRow extends ElementwiseRow {
  readonly name: FunctionName;
  readonly arity: 1 | 2;
  /** Its value at numbers. */
  readonly number: (...operands: readonly number[]) => number;
  /** Its vector code; without, compilers call it number by number. */
  readonly vector?: VectorFunction;
  /** What they call then; without, `number`. */
  readonly numberCode?: NumberCode;
}

/** A kernel prepared for fixed shapes: computes the result's data from the operands' data. */
export type Kernel = (result: TensorData, operands: readonly TensorData[]) => void;

/** What the rows that are not elementwise have in common. */
interface StructuredFacts<A extends Attributes> extends RowFacts {
  /** The attributes and what they are. */
  readonly attributes: Readonly<Record<keyof A & string, AttributeKind>>;
  /**
   * The type of the result.
   *
   * @throws RuleViolation when the operands or attributes do not fit.
   */
  infer(operands: readonly Type[], attributes: A): Type;
  /** Prepares the reference implementation for these types; whatever depends on shapes alone is computed here, once. */
  prepare(operands: readonly Type[], attributes: A, result: Type): Kernel;
}

/**
 * How a rule for derivatives or batches builds its expression: over graph nodes (giving a graph) or over tensors
 * (giving numbers). One method is enough.
 */
export interface Builder<V> {
  /** The value of an operation applied to values. */
  apply<A extends Attributes>(row: Operation<A>, operands: readonly V[], attributes?: A): V;
  /** A number, or a tensor, that does not depend on anything. */
  constant(value: number | Tensor): V;
  /** Shape and kind of a value. */
  typeOf(value: V): Type;
  /** True where 0 wins in products, for rules that do not multiply through the builder. */
  readonly isStrong?: true;
}

/** How compilers compute what is an array's worth of work. */
interface LoweredFacts {
  /**
   * Adds the kernels that compute it in a compiled program, where no loop is meant that compilers know by name; says
   * whether it has added any. Where there are none, compilers call the interpreter's kernel.
   */
  readonly lower?: (compiler: ArrayCompiler) => boolean;
}

/** What the rows state whose application to a batch does not follow from their family. */
interface BatchedFacts<A extends Attributes> extends StructuredFacts<A>, LoweredFacts {
  /**
   * The operation applied to many examples at once.
   *
   * @param operands - those of one example, with one more axis in front where `batched`: that of the examples.
   * @param batched - which operands differ between examples: at least one. The others are shared by all examples.
   * @param attributes - those of one example.
   * @returns the results of all examples, along an axis in front.
   */
  batch<V>(B: Builder<V>, operands: readonly V[], batched: readonly boolean[], attributes: A): V;
}

/** Linear in all real operands together. */
export interface LinearRow<A extends Attributes = Attributes> extends BatchedFacts<A> {
  /** The family. */
  readonly family: 'linear';
  /**
   * The message to operand `position`: the transpose of the linear map applied to the cotangent `S`.
   *
   * @param operands - needed only for operands that are not real (the indices of a gather) and for shapes.
   */
  transpose<V>(B: Builder<V>, S: V, operands: readonly V[], attributes: A, position: number): V;
}

/** Linear in each of two operands. */
export interface BilinearRow<A extends Attributes = Attributes> extends BatchedFacts<A> {
  /** The family. */
  readonly family: 'bilinear';
  /** How many products make an element, by the second operand; default the length of the last axis of the first one. */
  terms?(second: Type): number;
  /** The variant in whose products 0 wins, if it is in the table too; else it is made when it is needed. */
  strong?(): BilinearRow<A>;
  /** The message to operand `position`, given the other operand. */
  transpose<V>(B: Builder<V>, S: V, operands: readonly V[], attributes: A, position: number): V;
}

/** Attributes of reductions: which axes, ascending, and whether they stay with length 1. */
export interface ReductionAttributes extends Attributes {
  /** The reduced axes, ascending. */
  readonly axes: readonly number[];
  /** Whether they stay with length 1. */
  readonly keepDims: boolean;
}

/** Nonlinear reductions: each result depends on the elements along the reduced axes. */
export interface ReductionRow extends StructuredFacts<ReductionAttributes>, LoweredFacts {
  /** The family. */
  readonly family: 'reduction';
  /**
   * The local derivative of each result with respect to each of its elements, in the operand's shape.
   *
   * @param x - the operand.
   * @param result - the result, with reduced axes kept as length 1, so that it broadcasts against `x`.
   */
  partial<V>(B: Builder<V>, x: V, result: V, attributes: ReductionAttributes): V;
}

/**
 * Any other differentiable function of arrays. Both rules are linear in what they are given, and written over the
 * builder, so that derivatives of every order follow.
 */
export interface SmoothRow<A extends Attributes = Attributes> extends BatchedFacts<A> {
  /** The family. */
  readonly family: 'smooth';
  /** The variant in whose products 0 wins, if there is one. */
  strong?(): SmoothRow<A>;
  /** The message to operand `position`: the transposed Jacobian with respect to it, applied to the cotangent `S`. */
  pullback<V>(
    B: Builder<V>,
    S: V,
    result: V,
    operands: readonly V[],
    attributes: A,
    position: number,
  ): V;
  /** The tangent of the result where operand `position` alone moves along `tangent`. */
  pushforward<V>(
    B: Builder<V>,
    tangent: V,
    result: V,
    operands: readonly V[],
    attributes: A,
    position: number,
  ): V;
}

/** No derivative, by definition. */
export interface DiscreteRow<A extends Attributes = Attributes> extends BatchedFacts<A> {
  /** The family. */
  readonly family: 'discrete';
  /**
   * True where the result moves with real operands all the same: derivatives are those of the function in which it keeps
   * its value. Checks keep it there, too.
   */
  readonly holds?: true;
}

/**
 * Loops and branches. The result is one packed vector of reals: all results one after the other, as `segments` says.
 * The functions that build such nodes return the parts; whoever runs the node may leave out the parts that nobody reads.
 */
export interface ControlRow<A extends Attributes = Attributes> extends StructuredFacts<A> {
  /** The family. */
  readonly family: 'control';
  /** The parts of the result. */
  segments(attributes: A): Segments;
  /** The part of node `operand`, which is of this row, that node `node` reads, if it reads exactly one. */
  partRead(arena: Arena, node: number, operand: number): Segment | undefined;
  /** What is sent to the parts, or how they move: nothing yet. */
  parts(attributes: A): Parts;
  /**
   * All messages to the operands at once; `undefined` where there is none. They come from one loop or branch that runs
   * backwards.
   *
   * @param S - the sum of what the parts have received.
   * @param wanted - to which operands.
   * @param strong - what makes 0 win in all products, if it is to.
   */
  pullback(
    node: ControlNode,
    S: Parts,
    wanted: readonly boolean[],
    strong: Strengthening | undefined,
  ): (GraphNode | undefined)[];
  /**
   * Adds to `parts` the values of those that are read, and the tangents of those of them that move: from one loop or
   * branch that computes both.
   *
   * @param moving - the tangent of each operand; `undefined` where it does not move.
   * @param tangentsOf - how bodies are differentiated.
   */
  pushforward(
    node: ControlNode,
    moving: readonly (GraphNode | undefined)[],
    tangentsOf: BodyTangentsOf,
    parts: PushedParts,
  ): void;
  /** Whether compilers can lower it: nothing in it is empty. */
  canLower(attributes: A): boolean;
  /**
   * How it is compiled.
   *
   * @param compiler - what lowers its bodies.
   * @param operands - the nodes that it reads.
   * @param isRead - whether somebody reads a part of the result.
   */
  lower<B extends LoweredBody>(
    compiler: ControlCompiler<B>,
    attributes: A,
    segments: Segments,
    operands: readonly number[],
    isRead: (segment: Segment) => boolean,
  ): LoweredControl<B>;
}

/** Inputs and constants. */
export interface LeafRow extends RowFacts {
  /** The family. */
  readonly family: 'leaf';
  readonly arity: 0;
}

/** Any row of the table. */
export type Operation<A extends Attributes = Attributes> =
  | LeafRow
  | ElementwiseRow
  | LinearRow<A>
  | BilinearRow<A>
  | ReductionRow
  | SmoothRow<A>
  | DiscreteRow<A>
  | ControlRow<A>;

/** A row that is neither a leaf nor elementwise. */
export type StructuredRow = Exclude<Operation, LeafRow | ElementwiseRow>;

/**
 * Thrown by shape rules: the rule in words and how it is broken. Becomes a {@link ShapeError} or {@link KindError}
 * that also names the operation, the operands and the caller.
 *
 * @internal
 */
export class RuleViolation extends Error {
  /** What to do instead, if there is something general to say. */
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * A node with no operands whose values are fed at run time.
 *
 * @internal
 */
export const input: LeafRow = { name: 'input', family: 'leaf', arity: 0, formula: 'x' };

/**
 * A node with no operands whose value is part of the graph.
 *
 * @internal
 */
export const constant: LeafRow = { name: 'constant', family: 'leaf', arity: 0, formula: 'c' };
