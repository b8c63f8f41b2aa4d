/** Evaluation of nodes for given values of the inputs, by the reference interpreter. */
import type { Algebra } from '../algebra/algebra.ts';
import { ADD, COS, DIV, EXP, LOG, MUL, OTHER, SIN, SUB } from '../codes.ts';
import { GraphError, ShapeError } from '../errors.ts';
import { isGraphNode } from '../explain.ts';
import type { Feeds, Graph } from '../graph.ts';
import type { GraphNode } from '../node.ts';
import { describeValue } from '../options.ts';
import type { Tensor } from '../tensor.ts';
import { computeNode, setLeaf } from './compute.ts';
import { NodeValues } from './node-values.ts';
import { ancestorsOf, neededFor } from './schedule.ts';
import { slopesByRow, valueAndSlopes } from './slopes.ts';

/**
 * The activations of a node and of all it depends on: the forward pass whose values a reverse sweep reads.
 * O(V + E) time, O(V) memory, no recursion.
 *
 * @param feeds - values of inputs by name; inputs not named keep their current values.
 * @param slopes - if given, the local derivatives of operations whose results are real scalars are written here, edge by
 * edge, as a reverse sweep reads them; those of other edges are left as they are.
 * @throws {@link GraphError}, {@link ShapeError} or {@link KindError} when a value is missing or does not fit.
 * @example
 * ```ts
 * import { Graph, activations } from '@ad/graph';
 *
 * const x = new Graph().input('x');
 * const y = x.square();
 * activations([y.add(1)], { x: 3 }).number(y.id); // => 9
 * ```
 */
export function activations(
  outputs: readonly GraphNode[],
  feeds: Feeds = {},
  slopes?: Float64Array,
): NodeValues {
  const graph = graphOfAll(outputs);
  const fed = graph.resolveFeeds(feeds);
  const { arena } = graph;
  const needed = neededFor(
    arena,
    outputs.map((output) => output.id),
  );
  const values = new NodeValues(arena, needed);
  const { codes, operandStarts, operandIds } = arena;
  const { scalars } = values;
  for (let id = 0; id < needed.length; id++) {
    if (needed[id] === 0) continue;
    const first = operandStarts[id]!;
    const code = codes[id]!;
    if (code < OTHER && arena.isScalar(id)) {
      const x = scalars[operandIds[first]!]!;
      const y = scalars[operandIds[first + 1]!]!;
      if (slopes !== undefined) scalars[id] = valueAndSlopes(code, x, y, slopes, first);
      else if (code === ADD) scalars[id] = x + y;
      else if (code === MUL) scalars[id] = x * y;
      else if (code === SUB) scalars[id] = x - y;
      else scalars[id] = code === DIV ? x / y : elementary(code, x);
    } else if (first !== operandStarts[id + 1]) {
      computeNode(arena, id, values);
      if (slopes !== undefined) slopesByRow(arena, id, scalars, slopes);
    } else {
      const value = fed.get(id);
      if (value === undefined) setLeaf(graph, id, values);
      else values.set(id, value);
    }
  }
  return values;
}

/** The value of one of the functions that have a code in all graphs. */
function elementary(code: number, x: number): number {
  switch (code) {
    case EXP:
      return Math.exp(x);
    case LOG:
      return Math.log(x);
    case SIN:
      return Math.sin(x);
    case COS:
      return Math.cos(x);
    default:
      return Math.tanh(x);
  }
}

/**
 * The value of a node for given values of the inputs.
 *
 * @param feeds - values of inputs by name; inputs not named keep their current values, if they have any.
 * @throws {@link GraphError} when an input has no value or a name is unknown; {@link ShapeError} or
 * {@link KindError} when a value does not fit its input.
 * @example
 * ```ts
 * import { evaluate, Graph, max } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [3] });
 * evaluate(x.mul(x).sum(), { x: [1, 2, 3] }).item(); // => 14
 * const [total, largest] = evaluate([x.sum(), max(x)], { x: [1, 2, 3] });
 * total.item(); // => 6
 * largest.item(); // => 3
 * ```
 */
export function evaluate(output: GraphNode, feeds?: Feeds): Tensor;
/** The values of several nodes of one graph, in their order. */
export function evaluate<const Outputs extends readonly GraphNode[]>(
  outputs: Outputs,
  feeds?: Feeds,
): { [Index in keyof Outputs]: Tensor };
export function evaluate(
  outputs: GraphNode | readonly GraphNode[],
  feeds: Feeds = {},
): Tensor | Tensor[] {
  if (!isList(outputs)) return activations([outputs], feeds).tensor(outputs.id);
  if (outputs.length === 0) return [];
  const values = activations(outputs, feeds);
  return outputs.map((output) => values.tensor(output.id));
}

/**
 * Evaluates a scalar graph over any algebra: exact rationals, dual numbers, intervals, counters.
 *
 * @param algebra - the arithmetic; it needs only the operations that the graph uses.
 * @param feeds - an element of the algebra for every input that the node depends on.
 * @throws {@link ShapeError} when an array is on the way, {@link GraphError} when an input is not fed.
 * @example
 * ```ts
 * import { Graph, evaluateOver, partialAlgebra } from '@ad/graph';
 *
 * // Dual numbers [value, slope] carry a derivative along.
 * type Dual = readonly [number, number];
 * const duals = partialAlgebra<Dual>('dual', {
 *   constant: (value) => [value, 0],
 *   mul: ([x, dx], [y, dy]) => [x * y, dx * y + x * dy],
 * });
 * const x = new Graph().input('x');
 * evaluateOver(duals, x.mul(x).mul(x), { x: [2, 1] }); // => [8, 12]
 * ```
 */
export function evaluateOver<T>(
  algebra: Algebra<T>,
  output: GraphNode,
  feeds: Readonly<Record<string, T>>,
): T {
  const { graph } = output;
  const { arena } = graph;
  const values = new Array<T>(output.id + 1);
  for (const id of ancestorsOf(arena, [output.id])) {
    const row = arena.rowOf(id);
    if (row.family === 'elementwise' && arena.typeOf(id).shape.length === 0) {
      const [x, y, z] = arena.operandsOf(id);
      values[id] = row.value(algebra, values[x!]!, values[y!]!, values[z!]!);
    } else if (row.family === 'leaf') {
      values[id] = leafOver(algebra, graph, id, feeds);
    } else {
      throw new ShapeError(
        `evaluateOver: node ${id} (${row.name}) is not a scalar expression; only scalar graphs can be evaluated over an algebra`,
      );
    }
  }
  return values[output.id]!;
}

function leafOver<T>(
  algebra: Algebra<T>,
  graph: Graph,
  id: number,
  feeds: Readonly<Record<string, T>>,
): T {
  const name = graph.inputName(id);
  if (name !== undefined) {
    if (!Object.hasOwn(feeds, name))
      throw new GraphError(`evaluateOver: input "${name}" has no value; feed it`);
    return feeds[name]!;
  }
  const constant = graph.constantValue(id)!;
  return algebra.constant(typeof constant === 'number' ? constant : constant.item());
}

/**
 * The graph of nodes that are to be evaluated together.
 *
 * @param caller - who is to do so, for messages.
 */
export function graphOfAll(nodes: readonly GraphNode[], caller: string = 'evaluate'): Graph {
  const first = nodes[0];
  if (first === undefined) throw new GraphError(`${caller}: no outputs given`);
  for (const node of nodes) {
    if (!isGraphNode(node))
      throw new GraphError(
        `${caller}: ${describeValue(node)} is no node of a graph; expected nodes`,
      );
    if (node.graph !== first.graph)
      throw new GraphError(
        `${caller}: the outputs belong to different graphs; evaluate them one by one`,
      );
  }
  return first.graph;
}

function isList(outputs: GraphNode | readonly GraphNode[]): outputs is readonly GraphNode[] {
  return Array.isArray(outputs);
}
