/** Operations of the user, by the same door as those of the table: a row, and a function that applies it. */
import {
  type Algebra,
  apply,
  type AttributeKind,
  type Attributes,
  type ElementwiseRow,
  type GraphNode,
  type Kink,
  type Operand,
  type Operation,
  type Partial,
  type Shape,
  type Tensor,
  type TensorLike,
  type Type,
  ValueError,
} from '@ad/graph';
import { smoothRow } from './smooth-row.ts';

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

/** An operation of the user: applied like any function that builds nodes. */
export interface UserOperation<A extends Attributes = Attributes> {
  /** Applies it; attributes, where it has any, are given by `with`. */
  (...operands: readonly Operand[]): GraphNode;
  /** Its row, for `apply`, and for `fromJSON(file, { operations: [row] })`. */
  readonly row: Operation<A>;
  /** The operation with attributes. */
  with(attributes: A): (...operands: readonly Operand[]) => GraphNode;
}

/**
 * A new operation: elementwise, from a value and partial derivatives, or on tensors, from a shape rule, a function on
 * tensors, and rules for derivatives.
 *
 * Every mode then works as for the operations of the table: sweeps, gradient graphs of any order, forward mode, `vmap`
 * and compiled programs (which call `compute`). Rules are written with nodes, so they can be differentiated again.
 * One of `vjp` and `jvp` is enough: each is linear, so the other mode follows by transposing it. Without any of
 * them the operation has values only, and differentiating it is an error.
 *
 * Below a choice (`where`), a message of zeros passes a rule as zeros, whatever the rule makes of it.
 *
 * @throws `ValueError` when the definition has no name, or not one partial per operand.
 * @example
 * ```ts
 * import { evaluate, Graph, type GraphNode, tensor } from '@ad/graph';
 * import { checkOperation, defineOperation, grad, type UserOperation } from '@ad/backprop';
 *
 * const cube = defineOperation({
 *   name: 'cube',
 *   arity: 1,
 *   value: (A, x) => A.mul(x, A.mul(x, x)),
 *   partials: [(A, r, x) => A.mul(A.constant(3), A.mul(x, x))],
 * });
 * grad((x: GraphNode) => cube(x))(2); // => 12
 *
 * const reversed: UserOperation = defineOperation({
 *   name: 'reversed',
 *   arity: 1,
 *   infer: ([x]) => x.shape,
 *   compute: ([x]) => Array.from(x.data).reverse(),
 *   vjp: (S) => [reversed(S)],
 * });
 * const x = new Graph().input('x', { value: [1, 2, 3] });
 * evaluate(reversed(x)).toArray(); // => [3, 2, 1]
 * checkOperation(reversed, [tensor([1, 2, 3])]).ok; // => true
 * ```
 */
export function defineOperation(definition: ElementwiseDefinition): UserOperation;
/** A function of whole tensors. */
export function defineOperation<A extends Attributes = Attributes>(
  definition: TensorDefinition<A>,
): UserOperation<A>;
export function defineOperation<A extends Attributes>(
  definition: ElementwiseDefinition | TensorDefinition<A>,
): UserOperation<A> {
  if (typeof definition.name !== 'string' || definition.name === '')
    throw new ValueError('defineOperation: the operation needs a name, for messages and files');
  const row: Operation<A> =
    'partials' in definition ? elementwiseRow(definition) : smoothRow(definition);
  const operation = (...operands: readonly Operand[]): GraphNode => apply(row, operands);
  const withAttributes =
    (attributes: A) =>
    (...operands: readonly Operand[]): GraphNode =>
      apply(row, operands, attributes);
  return Object.assign(operation, { row, with: withAttributes });
}

function elementwiseRow(definition: ElementwiseDefinition): ElementwiseRow {
  const { name, arity, partials, formula = `\\text{${name}}`, domain, kinks } = definition;
  if (partials.length !== arity) {
    throw new ValueError(
      `defineOperation: ${name} has ${arity} operands and ${partials.length} partial derivatives; give one for each operand`,
    );
  }
  return {
    name,
    family: 'elementwise',
    arity,
    formula,
    resultKind: 'real',
    value: (A, x, y, z) => definition.value(A, x, y, z),
    partials,
    ...(domain && { domain }),
    ...(kinks && { kinks }),
  };
}
