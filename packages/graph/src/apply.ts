/**
 * Building a node: operands are lifted to nodes of one graph, checked against the row's rules, and appended. All
 * functions and methods that build nodes come through here, so all errors of construction are worded here.
 */
import { SCALAR_BOOLEAN, SCALAR_REAL } from './arena.ts';
import { callSite } from './call-site.ts';
import { AdError, GraphError, KindError, ShapeError, ValueError } from './errors.ts';
import type { Graph } from './graph.ts';
import type { GraphNode } from './node.ts';
import { type Attributes, type ElementwiseRow, type Operation, RuleViolation } from './rows/row.ts';
import { broadcastShapes, formatShape } from './shape.ts';
import { Tensor, type Kind, type Type } from './tensor.ts';

/** What operations take: a node, or a number, boolean or tensor that becomes a constant of the same graph. */
export type Operand = GraphNode | number | boolean | Tensor;

/**
 * Appends an operation to the graph of its operands. The functions `add`, `matmul`, ... are calls of this one.
 *
 * @param row - the operation, from the table or defined by the user.
 * @param operands - at least one of them a node.
 * @param attributes - as the row demands.
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
  attributes?: A,
): GraphNode {
  // Checked before anything is lifted: a failed call must not leave constants behind.
  if (operands.length !== row.arity && row.arity !== null) {
    throw new GraphError(`${row.name}: takes ${row.arity} operands, got ${operands.length}${at()}`);
  }
  let graph: Graph | undefined;
  let scalars = true;
  for (let k = 0; k < operands.length; k++) {
    const operand = operands[k]!;
    if (typeof operand === 'number') continue;
    if (isGraphNode(operand)) {
      if (graph === undefined) graph = operand.graph;
      else if (graph !== operand.graph) throw foreignOperand(row, operand, k);
      if (graph.arena.typeIds[operand.id]! > SCALAR_BOOLEAN) scalars = false;
    } else if (typeof operand === 'boolean' || operand instanceof Tensor) {
      scalars = false;
    } else {
      throw notAnOperand(row, operand, k);
    }
  }
  if (graph === undefined) throw noGraph(row, operands.length);
  // The ordinary scalar operation needs no inference.
  const typeId =
    scalars && row.family === 'elementwise' && row.operandKinds === undefined
      ? row.resultKind === 'real'
        ? SCALAR_REAL
        : SCALAR_BOOLEAN
      : graph.arena.internType(inferType(row, operands, attributes));
  return graph.append(row, operands, typeId, attributes);
}

/** Whether a value is a handle of a graph node. */
export function isGraphNode(value: unknown): value is GraphNode {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Partial<GraphNode>;
  return typeof candidate.id === 'number' && candidate.graph !== undefined;
}

function isConstant(value: unknown): value is number | boolean | Tensor {
  return typeof value === 'number' || typeof value === 'boolean' || value instanceof Tensor;
}

function foreignOperand(row: Operation, operand: GraphNode, k: number): GraphError {
  return new GraphError(
    `${row.name}: operand ${k + 1}, ${describeOperand(operand)}, belongs to another graph than the operands before it; ` +
      `build both in one graph, or pass the value of one as a constant${at()}`,
  );
}

function notAnOperand(row: Operation, operand: unknown, k: number): GraphError {
  const remedy = Array.isArray(operand) ? '; wrap arrays in tensor(...)' : '';
  return new GraphError(
    `${row.name}: operand ${k + 1} is ${describeForeign(operand)}, expected a graph node, a number, a boolean or a tensor${remedy}${at()}`,
  );
}

function noGraph(row: Operation, count: number): GraphError {
  return new GraphError(
    `${row.name}: none of the ${count} operands is a graph node; start from graph.input(...) or graph.constant(...)${at()}`,
  );
}

function typeOfOperand(operand: Operand): Type {
  if (typeof operand === 'number') return { shape: [], kind: 'real' };
  if (typeof operand === 'boolean') return { shape: [], kind: 'boolean' };
  return { shape: operand.shape, kind: operand.kind };
}

/**
 * Throws as {@link apply} would if the operands had the types that `seenAs` makes of theirs, and adds nothing: for
 * functions that build several nodes and have to fail before the first.
 *
 * @internal
 */
export function checkApplication(
  row: Operation,
  operands: readonly Operand[],
  attributes: Attributes,
  seenAs: (type: Type, k: number) => Type,
): void {
  let graph: Graph | undefined;
  operands.forEach((operand, k) => {
    if (isGraphNode(operand)) {
      graph ??= operand.graph;
      if (graph !== operand.graph) throw foreignOperand(row, operand, k);
    } else if (!isConstant(operand)) {
      throw notAnOperand(row, operand, k);
    }
  });
  inferType(row, operands, attributes, operands.map(typeOfOperand).map(seenAs));
}

/** The type of the result, or an error that says everything about the operands. */
function inferType(
  row: Operation,
  operands: readonly Operand[],
  attributes: Attributes | undefined,
  types: readonly Type[] = operands.map(typeOfOperand),
): Type {
  try {
    return resultType(row, types, attributes);
  } catch (error) {
    if (!(error instanceof RuleViolation || error instanceof AdError)) throw error;
    const message = [
      `${row.name}: ${error.message}`,
      ...operands.map((operand, k) => `  operand ${k + 1}: ${describeOperand(operand)}`),
      ...(error instanceof RuleViolation && error.remedy !== undefined
        ? [`  ${error.remedy}`]
        : []),
    ].join('\n');
    if (error instanceof KindError) throw new KindError(message + at());
    if (error instanceof ValueError) throw new ValueError(message + at());
    throw new ShapeError(message + at());
  }
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
  if (row.family === 'elementwise') return elementwiseType(row, types);
  return row.infer(types, (attributes ?? {}) as never);
}

function elementwiseType(row: ElementwiseRow, types: readonly Type[]): Type {
  row.operandKinds?.forEach((kind, k) => {
    const got = types[k]!.kind;
    if (kind !== null && got !== kind) {
      throw new KindError(
        `operand ${k + 1} must be of kind ${kind}, got ${got}` +
          (kind === 'boolean'
            ? '; compare it with something first, for example x.notEqual(0)'
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

/** An operand in words: `"weights" = input [3, 4]`, `#12 = tanh [3]`, `the number 2`. */
export function describeOperand(operand: Operand): string {
  if (typeof operand === 'number' || typeof operand === 'boolean')
    return `the ${typeof operand} ${operand}`;
  if (operand instanceof Tensor)
    return `a tensor of shape ${formatShape(operand.shape)}, ${operand.kind}`;
  const name = operand.label === undefined ? `#${operand.id}` : `#${operand.id} "${operand.label}"`;
  const made = operand.graph.creationSite(operand.id);
  return `${name} = ${operand.operation} of shape ${formatShape(operand.shape)}, ${operand.kind}${made === undefined ? '' : `, made at ${made}`}`;
}

function describeForeign(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value)}`;
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function at(): string {
  const site = callSite();
  return site === undefined ? '' : `\n  at ${site}`;
}
