/** What the user says of an operation: elementwise, or on tensors. */
import type {
  Algebra,
  AttributeKind,
  Attributes,
  GraphNode,
  Kink,
  Partial,
  Shape,
  Tensor,
  TensorLike,
  Type,
} from '@ad/graph';

/** A function of numbers, applied element by element with broadcasting. */
export interface ElementwiseDefinition {
  /** A name of its own: for messages, listings and files. */
  readonly name: string;
  /** How many operands. */
  readonly arity: 1 | 2 | 3;
  /** The value, an expression over any algebra: so it is compiled like the operations of the table. */
  value<T>(A: Algebra<T>, x: T, y: T, z: T): T;
  /** For each operand the derivative, an expression in the result and the operands; 0 for none, by definition. */
  readonly partials: readonly Partial[];
  /** The function in LaTeX, for listings; default its name. */
  readonly formula?: string;
  /** Where it is defined and smooth, per operand: open intervals. Default everywhere. */
  readonly domain?: readonly (readonly [number, number])[];
  /** Points where the derivative is a convention; `checkOperation` holds the partials to them. */
  readonly kinks?: readonly Kink[];
}

/** An application, as derivative rules see it. */
export interface Application<A extends Attributes = Attributes> {
  /** The operands. */
  readonly operands: readonly GraphNode[];
  /** The result. */
  readonly result: GraphNode;
  /** The attributes. */
  readonly attributes: A;
}

/** A function of whole tensors, with derivative rules written with nodes. */
export interface TensorDefinition<A extends Attributes = Attributes> {
  /** A name of its own: for messages, listings and files. */
  readonly name: string;
  /** How many operands. */
  readonly arity: number;
  /** What attributes it has, if any: what is not a tensor. */
  readonly attributes?: Readonly<Record<keyof A & string, AttributeKind>>;
  /** The function in LaTeX, for listings; default its name. */
  readonly formula?: string;
  /**
   * The shape of the result from those of the operands, or its type where it is not real. What it throws becomes an
   * error of the operation.
   */
  readonly infer: (operands: readonly Type[], attributes: A) => Shape | Type;
  /** The result from the operands. It must have the shape that `infer` says. */
  readonly compute: (operands: readonly Tensor[], attributes: A) => TensorLike;
  /**
   * The messages to the operands, given that to the result: the transposed Jacobian times `cotangent`. One node per
   * operand, `null` where the derivative is 0.
   */
  readonly vjp?: (
    cotangent: GraphNode,
    application: Application<A>,
  ) => readonly (GraphNode | null)[];
  /** The tangent of the result, given those of all operands (zeros for those that do not move): the Jacobian times them. */
  readonly jvp?: (tangents: readonly GraphNode[], application: Application<A>) => GraphNode;
  /**
   * The results of many examples, along an axis in front, from operands that have such an axis where `batched`. Default
   * one application per example.
   */
  readonly batch?: (
    operands: readonly GraphNode[],
    batched: readonly boolean[],
    attributes: A,
  ) => GraphNode;
}
