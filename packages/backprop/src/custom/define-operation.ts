/** Operations of the user, by the same door as those of the table: a row, and a function that applies it. */
import {
  apply,
  type Attributes,
  checkNames,
  describeValue,
  type ElementwiseRow,
  type GraphNode,
  type Operand,
  type Operation,
  ValueError,
} from '@ad/graph';
import type { ElementwiseDefinition, TensorDefinition } from './definition.ts';
import { smoothRow } from './smooth-row.ts';

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
 * @throws `ValueError` when the definition has no name, not one partial per operand, no function where one must be, or a
 * part that is unknown.
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
  checkDefinition(definition);
  const row: Operation<A> =
    'partials' in definition ? elementwiseRow(definition) : smoothRow(definition);
  const operation = (...operands: readonly Operand[]): GraphNode => apply(row, operands);
  const withAttributes =
    (attributes: A) =>
    (...operands: readonly Operand[]): GraphNode =>
      apply(row, operands, attributes);
  return Object.assign(operation, { row, with: withAttributes });
}

const ELEMENTWISE = ['name', 'arity', 'value', 'partials', 'formula', 'domain', 'kinks'];
const ON_TENSORS = [
  'name',
  'arity',
  'attributes',
  'formula',
  'infer',
  'compute',
  'vjp',
  'jvp',
  'batch',
];

/** A rule under another name would be a rule that is missing, and be missed only where it is needed. */
function checkDefinition(definition: unknown): void {
  const isElementwise =
    typeof definition === 'object' && definition !== null && 'partials' in definition;
  checkNames('defineOperation', definition, isElementwise ? ELEMENTWISE : ON_TENSORS);
  const given = definition as Readonly<Record<string, unknown>>;
  if (typeof given['name'] !== 'string' || given['name'] === '')
    throw new ValueError('defineOperation: the operation needs a name, for messages and files');
  for (const rule of isElementwise ? ['value'] : ['infer', 'compute']) {
    if (typeof given[rule] === 'function') continue;
    throw new ValueError(
      `defineOperation: ${rule} of ${given['name']} is ${describeValue(given[rule])}, expected a function`,
    );
  }
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
