/**
 * Building a node: operands are lifted to nodes of one graph, checked against the row's rule, and appended. All
 * functions and methods that build nodes come through here.
 */
import { SCALAR_BOOLEAN, SCALAR_REAL } from './arena.ts';
import { GraphError, KindError } from './errors.ts';
import { at, explain, graphOfOperands, isGraphNode, type Operand } from './explain.ts';
import type { GraphNode } from './node.ts';
import { type Attributes, type ElementwiseRow, type Operation, RuleViolation } from './rows/row.ts';
import { broadcastShapes, checkShape } from './shape.ts';
import type { Kind, Type } from './tensor.ts';

/**
 * Appends an operation to the graph of its operands. The functions `add`, `matmul`, ... are calls of this one.
 *
 * @param row - the operation, from the table or defined by the user.
 * @param operands - at least one of them a node.
 * @param attributes - as the row demands, or a function that makes them: what it throws is worded as an error of the
 * operation.
 * @throws {@link GraphError} when no operand is a node or nodes belong to different graphs.
 * @throws {@link ShapeError} or {@link KindError} when the operands break the row's rule; the graph is unchanged.
 * @example
 * ```ts
 * import { Graph, apply, evaluate, operations } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * evaluate(apply(operations.tanh, [x]), { x: 0 }).item(); // => 0
 * ```
 */
export function apply<A extends Attributes>(
  row: Operation<A>,
  operands: readonly Operand[],
  attributes?: A | (() => A),
): GraphNode {
  // By far the most frequent; everything that is not so plain goes the long way, which also words the errors.
  if (attributes === undefined && (operands.length === 1 || operands.length === 2)) {
    const x = operands[0]!;
    const y = operands.length === 1 ? x : operands[1]!;
    const node = applyToScalars(row, undefined, operands.length, x, y);
    if (node !== undefined) return node;
  }
  // Checked before anything is lifted: a failed call must not leave constants behind.
  if (operands.length !== row.arity && row.arity !== null) {
    throw new GraphError(`${row.name}: takes ${row.arity} operands, got ${operands.length}${at()}`);
  }
  const graph = graphOfOperands(row.name, operands);
  // The ordinary scalar operation needs no inference.
  if (row.family === 'elementwise' && row.operandKinds === undefined && areScalars(operands)) {
    const typeId = row.resultKind === 'real' ? SCALAR_REAL : SCALAR_BOOLEAN;
    return graph.append(
      row,
      operands,
      typeId,
      typeof attributes === 'function' ? attributes() : attributes,
    );
  }
  const made = explain(row.name, operands, () => {
    const known = typeof attributes === 'function' ? attributes() : attributes;
    return { known, type: resultType(row, operands.map(typeOfOperand), known) };
  });
  return graph.append(row, operands, graph.arena.internType(made.type), made.known);
}

/**
 * {@link apply} for one operand and no attributes, without a list in between: operations on scalars are so quick that it
 * would be felt.
 *
 * @param code - the code of the operation, if it is the same in all graphs.
 * @internal
 */
export function applyToOne(row: Operation, x: Operand, code?: number): GraphNode {
  return applyToScalars(row, code, 1, x, x) ?? apply(row, [x]);
}

/**
 * {@link apply} for two operands and no attributes, without a list in between.
 *
 * @param code - the code of the operation, if it is the same in all graphs.
 * @internal
 */
export function applyToTwo(row: Operation, x: Operand, y: Operand, code?: number): GraphNode {
  return applyToScalars(row, code, 2, x, y) ?? apply(row, [x, y]);
}

/**
 * An operation on the first `count` of two scalar nodes of one graph; `undefined` where there is anything to check or to
 * lift.
 */
function applyToScalars(
  row: Operation,
  code: number | undefined,
  count: number,
  x: Operand,
  y: Operand,
): GraphNode | undefined {
  if (!isGraphNode(x) || !isGraphNode(y) || x.graph !== y.graph) return undefined;
  const { graph } = x;
  return graph.appendScalar(code ?? graph.arena.codeOf(row), count, x.id, y.id);
}

/** Whether all operands are numbers or scalar nodes. */
function areScalars(operands: readonly Operand[]): boolean {
  for (let k = 0; k < operands.length; k++) {
    const operand = operands[k]!;
    if (typeof operand === 'number') continue;
    if (!isGraphNode(operand) || !operand.graph.arena.isScalar(operand.id)) return false;
  }
  return true;
}

/** The type of an operand, lifted or not. */
function typeOfOperand(operand: Operand): Type {
  if (typeof operand === 'number') return { shape: [], kind: 'real' };
  if (typeof operand === 'boolean') return { shape: [], kind: 'boolean' };
  return { shape: operand.shape, kind: operand.kind };
}

/**
 * The type of an operation's result by the row's rule alone.
 *
 * @throws RuleViolation, {@link ShapeError} or {@link KindError} when the operands break the rule.
 * @internal
 */
export function resultType(
  row: Operation,
  types: readonly Type[],
  attributes: Attributes | undefined,
): Type {
  if (row.family === 'leaf') throw new RuleViolation('a leaf has no operands');
  const type =
    row.family === 'elementwise'
      ? elementwiseType(row, types)
      : row.infer(types, (attributes ?? {}) as never);
  checkShape(type.shape, 'the result');
  return type;
}

function elementwiseType(row: ElementwiseRow, types: readonly Type[]): Type {
  row.operandKinds?.forEach((kind, k) => {
    const got = types[k]!.kind;
    if (kind !== null && got !== kind) {
      throw new KindError(
        `operand ${k + 1} must be of kind ${kind}, got ${got}` +
          (kind === 'boolean'
            ? '; compare it with something first, for example notEqual(x, 0)'
            : ''),
      );
    }
  });
  const shape = broadcastShapes(...types.map((type) => type.shape));
  if (row.resultKind !== 'branches') return { shape, kind: row.resultKind };
  const branches = types.slice(1).map((type) => type.kind);
  const kind: Kind = branches.every((branch) => branch === branches[0]) ? branches[0]! : 'real';
  return { shape, kind };
}
