/**
 * What the builders of nodes take, and what they say when it does not fit. A message names the operation, every
 * operand with its label, shape and kind, the rule that is broken, and the line of the caller.
 */
import { callSite } from './call-site.ts';
import { AdError, GraphError, KindError, ShapeError, ValueError } from './errors.ts';
import { ForeignNodeError } from './foreign-node-error.ts';
import type { Graph } from './graph.ts';
import { Handle } from './handle.ts';
import type { GraphNode } from './node.ts';
import { RuleViolation } from './rows/row.ts';
import { innermost } from './scope.ts';
import { formatShape } from './shape.ts';
import { Tensor } from './tensor.ts';

/** What operations take: a node, or a number, boolean or tensor that becomes a constant of the same graph. */
export type Operand = GraphNode | number | boolean | Tensor;

/** Whether a value is a handle of a graph node. */
export function isGraphNode(value: unknown): value is GraphNode {
  return value instanceof Handle;
}

/**
 * The one graph of the operands of an operation. While a body is traced, operations on nodes of the graphs around
 * belong to the body, too: a branch that is not taken must not run.
 *
 * @throws {@link GraphError} when an operand is neither a node nor a constant, when nodes belong to different graphs,
 * or when there is no node.
 * @internal
 */
export function graphOfOperands(name: string, operands: readonly Operand[]): Graph {
  let graph: Graph | undefined;
  for (let k = 0; k < operands.length; k++) {
    const operand = operands[k]!;
    if (isGraphNode(operand)) {
      if (graph === undefined) graph = innermost(operand.graph);
      else if (graph !== innermost(operand.graph)) throw foreignOperand(name, operand, k, graph);
    } else if (!isConstant(operand)) {
      throw notAnOperand(name, operand, k);
    }
  }
  if (graph === undefined) throw noGraph(name, operands.length);
  return graph;
}

/**
 * Does a part of building an operation; what it throws is worded as an error of the operation.
 *
 * @throws {@link ShapeError}, {@link KindError} or {@link ValueError}, as `compute` does (a broken rule is a
 * ShapeError); {@link GraphError} when the operands cannot be operands at all.
 * @internal
 */
export function explain<T>(name: string, operands: readonly Operand[], compute: () => T): T {
  graphOfOperands(name, operands);
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof RuleViolation || error instanceof AdError)) throw error;
    const message = [
      `${name}: ${error.message}`,
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

function isConstant(value: unknown): value is number | boolean | Tensor {
  return typeof value === 'number' || typeof value === 'boolean' || value instanceof Tensor;
}

function foreignOperand(
  name: string,
  operand: GraphNode,
  k: number,
  graph: Graph,
): ForeignNodeError {
  return new ForeignNodeError(
    `${name}: operand ${k + 1}, ${describeOperand(operand)}, belongs to another graph than the operands before it; ` +
      `build both in one graph, or pass the value of one as a constant${at()}`,
    [graph, operand.graph],
  );
}

function notAnOperand(name: string, operand: unknown, k: number): GraphError {
  const remedy = Array.isArray(operand) ? '; wrap arrays in tensor(...)' : '';
  return new GraphError(
    `${name}: operand ${k + 1} is ${describeForeign(operand)}, expected a graph node, a number, a boolean or a tensor${remedy}${at()}`,
  );
}

function noGraph(name: string, count: number): GraphError {
  return new GraphError(
    `${name}: none of the ${count} operands is a graph node; start from graph.input(...) or graph.constant(...)${at()}`,
  );
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

/** The line of the caller, for the end of a message. */
export function at(): string {
  const site = callSite();
  return site === undefined ? '' : `\n  at ${site}`;
}
