/** The row of an operation that the user defines by a function on tensors. */
import {
  type Attributes,
  batchByLoop,
  formatShape,
  GraphError,
  type GraphNode,
  type Kernel,
  sameShape,
  type Shape,
  ShapeError,
  type SmoothRow,
  Tensor,
  tensor,
  type Type,
} from '@ad/graph';
import { zerosLike } from '../graphs/activity.ts';
import type { TensorDefinition } from './definition.ts';
import { guarded, overNodes, transposeAt } from './node-rules.ts';

/** The row that does what a definition says. */
export function smoothRow<A extends Attributes>(definition: TensorDefinition<A>): SmoothRow<A> {
  const { name, arity, formula = `\\text{${name}}` } = definition;
  const noAttributes = {} as SmoothRow<A>['attributes'];

  /** The message to one operand, by the rule or by transposing the other one. */
  const message = (
    S: GraphNode,
    result: GraphNode,
    operands: readonly GraphNode[],
    attributes: A,
    position: number,
  ): GraphNode => {
    const application = { operands, result, attributes };
    if (definition.vjp !== undefined) {
      const messages = definition.vjp(S, application);
      if (messages.length !== operands.length) {
        throw new GraphError(
          `${name}: vjp gives ${messages.length} messages for ${operands.length} operands; give one for each, or null`,
        );
      }
      return checked(
        'vjp',
        messages[position] ?? zerosLike(operands[position]!),
        operands[position]!,
      );
    }
    const { jvp } = definition;
    if (jvp === undefined) throw withoutRule();
    return transposeAt(operands[position]!, S, (tangent) =>
      checked('jvp', jvp(alone(operands, position, tangent), application), result),
    );
  };

  /** The tangent of the result where one operand moves, by the rule or by transposing the other one. */
  const tangentOf = (
    tangent: GraphNode,
    result: GraphNode,
    operands: readonly GraphNode[],
    attributes: A,
    position: number,
  ): GraphNode => {
    if (definition.jvp !== undefined) {
      const application = { operands, result, attributes };
      const tangents = alone(operands, position, tangent);
      return checked('jvp', definition.jvp(tangents, application), result);
    }
    return transposeAt(result, tangent, (S) => message(S, result, operands, attributes, position));
  };

  const checked = (rule: 'vjp' | 'jvp', given: GraphNode, like: GraphNode): GraphNode => {
    if (sameShape(given.shape, like.shape)) return given;
    throw new ShapeError(
      `${name}: ${rule} gives a node of shape ${formatShape(given.shape)}, expected ${formatShape(like.shape)}`,
    );
  };

  const withoutRule = (): GraphError =>
    new GraphError(
      `${name} has no derivative: its definition has neither vjp nor jvp; give defineOperation one of them`,
    );

  const row: SmoothRow<A> = {
    name,
    family: 'smooth',
    arity,
    formula,
    attributes: definition.attributes ?? noAttributes,
    infer: (operands, attributes) => typeOf(definition.infer(operands, attributes)),
    prepare: (operands, attributes, result) =>
      kernelOf(name, operands, result, (values) => definition.compute(values, attributes)),
    pullback: (B, S, result, operands, attributes, position) =>
      overNodes([S, result, ...operands], ([seed, value, ...nodes]) =>
        guarded(B, seed!, message(seed!, value!, nodes, attributes, position)),
      ),
    pushforward: (B, tangent, result, operands, attributes, position) =>
      overNodes([tangent, result, ...operands], ([moving, value, ...nodes]) =>
        guarded(B, moving!, tangentOf(moving!, value!, nodes, attributes, position)),
      ),
    batch: (B, operands, batched, attributes) => {
      const { batch } = definition;
      if (batch === undefined) return batchByLoop(B, row, operands, batched, attributes);
      return overNodes(operands, (nodes) => batch(nodes, batched, attributes));
    },
  };
  return row;
}

/** Tangents of which only one is not zero. */
function alone(operands: readonly GraphNode[], position: number, tangent: GraphNode): GraphNode[] {
  return operands.map((operand, k) => (k === position ? tangent : zerosLike(operand)));
}

function typeOf(given: Shape | Type): Type {
  return 'kind' in given ? given : { shape: given, kind: 'real' };
}

/** A kernel that calls the user's function with tensors of its own, and looks at what comes back. */
function kernelOf(
  name: string,
  operands: readonly Type[],
  result: Type,
  compute: (values: readonly Tensor[]) => Parameters<typeof tensor>[0],
): Kernel {
  return (out, data) => {
    // Copies: the user may keep them, and the memory of a program is used again.
    const values = operands.map(({ shape, kind }, k) => new Tensor(shape, kind, data[k]!.slice()));
    const value = tensor(compute(values));
    if (
      value.size !== out.length ||
      (value.shape.length > 1 && !sameShape(value.shape, result.shape))
    ) {
      throw new ShapeError(
        `${name}: compute gives a tensor of shape ${formatShape(value.shape)}, but infer says ${formatShape(result.shape)}`,
      );
    }
    out.set(value.data);
  };
}
