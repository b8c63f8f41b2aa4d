/**
 * Bodies: closed graphs that stand inside a node, for what a loop repeats and what a branch may do. A body knows nothing
 * of the graph around it: whatever it uses comes in through its inputs, so it can be run any number of times, compiled as
 * a function, saved, and differentiated into another body.
 */
import { GraphError } from './errors.ts';
import type { Graph } from './graph.ts';
import { ancestorsOf } from './interpreter/schedule.ts';
import type { GraphNode } from './node.ts';
import { innermost } from './scope.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Type } from './tensor.ts';

/**
 * A graph as a function: from its inputs, in order, to its outputs, in order. It is read-only.
 *
 * @example
 * ```ts
 * import { Body, Graph } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [3] });
 * const body = new Body([x], [x.square(), x.sum()]);
 * body.outputs.map(({ shape }) => shape); // => [[3], []]
 * ```
 */
export class Body {
  /** The graph of all nodes here. */
  readonly graph: Graph;
  /** What is fed, in order; nodes of the kind `input`, without repeats. */
  readonly inputs: readonly GraphNode[];
  /** What is computed, in order; repeats are allowed. */
  readonly outputs: readonly GraphNode[];

  /**
   * @throws {@link GraphError} when there is no output, the nodes belong to different graphs, an input is not an input
   * node or is listed twice, or an output needs an input that is not listed.
   */
  constructor(inputs: readonly GraphNode[], outputs: readonly GraphNode[]) {
    const first = outputs[0];
    if (first === undefined) throw new GraphError('a body needs at least one output');
    const { graph } = first;
    const foreign = [...inputs, ...outputs].find((node) => node.graph !== graph);
    if (foreign !== undefined)
      throw new GraphError(`the node ${foreign.toString()} belongs to another graph than the body`);
    const listed = new Set<number>();
    for (const node of inputs) {
      if (graph.inputName(node.id) === undefined)
        throw new GraphError(`${node.toString()} is listed as an input of a body, but is none`);
      if (listed.has(node.id))
        throw new GraphError(`${node.toString()} is listed twice as an input of a body`);
      listed.add(node.id);
    }
    const needed = ancestorsOf(
      graph.arena,
      outputs.map(({ id }) => id),
    );
    const open = needed.find((id) => graph.inputName(id) !== undefined && !listed.has(id));
    if (open !== undefined) {
      throw new GraphError(
        `a body is closed, but its outputs need ${graph.node(open).toString()}, which is not among its inputs`,
      );
    }
    this.graph = graph;
    this.inputs = inputs;
    this.outputs = outputs;
  }
}

/**
 * The nodes of a body appended to the graph of other nodes, which stand for its inputs.
 *
 * @param inputs - one node for each input of the body, of its type.
 * @param graph - the graph to append to; default that of the inputs, or the body that is being traced in it.
 * @returns the nodes that stand for the outputs.
 * @throws {@link GraphError} when there are more or fewer nodes than inputs, or one has another type.
 * Complexity: O(V + E) of the part of the body that its outputs need.
 * @example
 * ```ts
 * import { applyBody, Body, Graph } from '@ad/graph';
 *
 * const inside = new Graph().input('x');
 * const body = new Body([inside], [inside.square()]);
 * const y = new Graph().input('y', { value: 3 });
 * applyBody(body, [y.add(1)])[0]?.value; // => 16
 * ```
 */
export function applyBody(
  body: Body,
  inputs: readonly GraphNode[],
  graph: Graph = innermost(inputs[0]!.graph),
): GraphNode[] {
  checkTypes(body, inputs);
  const source = body.graph;
  const { arena } = source;
  const copies = new Map<number, GraphNode>();
  body.inputs.forEach(({ id }, k) => copies.set(id, inputs[k]!));
  const needed = ancestorsOf(
    arena,
    body.outputs.map(({ id }) => id),
  );
  for (const id of needed) {
    if (copies.has(id)) continue;
    const constant = source.constantValue(id);
    if (constant !== undefined) {
      copies.set(id, graph.constant(constant));
      continue;
    }
    const operands = Array.from(arena.operandsOf(id), (operand) => copies.get(operand)!);
    const typeId = graph.arena.internType(arena.typeOf(id));
    const copy = graph.append(arena.rowOf(id), operands, typeId, arena.attributes.get(id));
    const label = source.label(id);
    copies.set(id, label === undefined ? copy : copy.named(label));
  }
  return body.outputs.map(({ id }) => copies.get(id)!);
}

/** Which inputs of a body its outputs need. */
export function inputsNeeded(body: Body): boolean[] {
  const needed = ancestorsOf(
    body.graph.arena,
    body.outputs.map(({ id }) => id),
  );
  const ids = new Set(needed);
  return body.inputs.map(({ id }) => ids.has(id));
}

function checkTypes(body: Body, inputs: readonly Type[]): void {
  if (inputs.length !== body.inputs.length) {
    throw new GraphError(
      `applyBody: the body has ${body.inputs.length} inputs, got ${inputs.length} nodes`,
    );
  }
  body.inputs.forEach((input, k) => {
    const { shape, kind } = inputs[k]!;
    if (sameShape(shape, input.shape) && kind === input.kind) return;
    throw new GraphError(
      `applyBody: input ${k + 1} of the body is ${input.kind} ${formatShape(input.shape)}, got ${kind} ${formatShape(shape)}`,
    );
  });
}
