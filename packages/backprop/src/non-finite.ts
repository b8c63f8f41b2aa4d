/** Where NaN and Infinity come from: the first node on the way that is not finite although its operands are. */
import {
  activations,
  apply,
  broadcastIndex,
  type Feeds,
  formatShape,
  Graph,
  type GraphJSON,
  type GraphNode,
  type NodeValues,
  positionIn,
  type Tensor,
  toJSON,
} from '@ad/graph';

/** An operand of the node where a value that is not finite was born. */
export interface OperandValue {
  /** The operand. */
  readonly node: GraphNode;
  /** All of its value. */
  readonly tensor: Tensor;
  /** The element that met the operation where its result is not finite; `undefined` where that is not one element. */
  readonly element: number | undefined;
}

/** Where numbers stopped being finite. */
export interface NonFinite {
  /** The position, among the nodes looked at, of the first that is not finite. */
  readonly target: number;
  /** The node at fault: it is not finite, its operands are (constants apart). */
  readonly node: GraphNode;
  /** Its first element that is not finite. */
  readonly value: number;
  /** Which element that is. */
  readonly position: number;
  /** Its operands and their values. */
  readonly operands: readonly OperandValue[];
  /** Where it was built, if the graph was made with `traceCreation`. */
  readonly site: string | undefined;
  /** From the node at fault up to the one looked at: each uses the one before, none is finite. */
  readonly path: readonly GraphNode[];
  /** All this in words. */
  readonly text: string;
  /** The operation alone with the values of its operands, as a file: what to attach to a report. */
  replay(): GraphJSON;
}

/**
 * The node at which numbers stopped being finite, on the way to the first of `targets` that is not.
 *
 * Adjoints are nodes as well: among `[loss, ...gradient(loss, parameters)]` a gradient that is not finite is found
 * although the loss is, and the path leads through the gradient graph.
 *
 * @param targets - in the order in which they are looked at.
 * @param feeds - values of inputs by name; inputs not named keep their current values.
 * @returns `undefined` when all are finite.
 * @throws `GraphError` when an input has no value or nodes belong to different graphs.
 * Complexity: O(V + E).
 * @example
 * ```ts
 * import { Graph } from '@ad/graph';
 * import { firstNonFinite, gradient } from '@ad/backprop';
 *
 * const x = new Graph().input('x', { value: 0 });
 * const loss = x.sqrt().mul(2);
 * firstNonFinite([loss]); // => undefined
 * const found = firstNonFinite([loss, gradient(loss, x)]);
 * found?.target; // => 1
 * found?.node.operation; // => 'div'
 * found?.operands.map(({ element }) => element); // => [0.5, 0]
 * ```
 */
export function firstNonFinite(
  targets: readonly GraphNode[],
  feeds: Feeds = {},
): NonFinite | undefined {
  if (targets.length === 0) return undefined;
  const values = activations(targets, feeds);
  const target = targets.findIndex(({ id }) => badPosition(values, id) >= 0);
  if (target < 0) return undefined;
  const top = targets[target]!;
  const { graph } = top;
  const { arena } = graph;
  // Which node that is not finite uses this one; the ids on the way are the keys.
  const userOf = new Map<number, number>([[top.id, top.id]]);
  let first = top.id;
  // Users have larger ids, so all users of a node are met before it, and the last one met has no bad operand.
  for (let id = top.id; id >= 0; id--) {
    if (!userOf.has(id)) continue;
    first = id;
    for (const operand of arena.operandsOf(id)) {
      // Constants are what somebody wrote: an infinite one is no fault.
      const isFault =
        graph.constantValue(operand) === undefined && badPosition(values, operand) >= 0;
      if (isFault) userOf.set(operand, id);
    }
  }
  const path = [graph.node(first)];
  while (path.at(-1)!.id !== top.id) path.push(graph.node(userOf.get(path.at(-1)!.id)!));
  return describe(target, path, values);
}

function describe(target: number, path: readonly GraphNode[], values: NodeValues): NonFinite {
  const node = path[0]!;
  const { graph } = node;
  const row = graph.arena.rowOf(node.id);
  const position = badPosition(values, node.id);
  const value = values.data(node.id)[position]!;
  const operands = node.operands.map((operand): OperandValue => {
    const tensor = values.tensor(operand.id);
    const isSingle = tensor.size === 1;
    const at = isSingle ? 0 : positionIn(broadcastIndex(operand.shape, node.shape), position);
    return {
      node: operand,
      tensor,
      element: isSingle || row.family === 'elementwise' ? tensor.data[at] : undefined,
    };
  });
  const site = graph.creationSite(node.id);
  const where = node.shape.length === 0 ? '' : ` (element ${position})`;
  const lines = [
    `the first value that is not finite is ${value}${where} at ${node.toString()}`,
    ...operands.map((operand, k) => `  operand ${k + 1}: ${wordsOf(operand)}`),
    ...(site === undefined ? [] : [`  made at ${site}`]),
    ...(path.length > 1 ? [`  from there: ${wordsOfPath(path)}`] : []),
  ];
  return {
    target,
    node,
    value,
    position,
    operands,
    site,
    path,
    text: lines.join('\n'),
    replay: () => replayOf(node, operands, values),
  };
}

/** The operation of a node applied to inputs that have the values of its operands. */
function replayOf(
  node: GraphNode,
  operands: readonly OperandValue[],
  values: NodeValues,
): GraphJSON {
  const graph = new Graph();
  const { arena } = node.graph;
  const row = arena.rowOf(node.id);
  if (row.family === 'leaf') {
    return toJSON(graph.input(node.label ?? 'x', { value: values.tensor(node.id) }));
  }
  const inputs = operands.map(({ tensor }, k) => graph.input(`operand${k + 1}`, { value: tensor }));
  return toJSON(apply(row, inputs, arena.attributes.get(node.id) ?? {}));
}

/** A path in words; of a long one the middle is left out. */
function wordsOfPath(path: readonly GraphNode[]): string {
  const names = path.map(nameOf);
  const middle = names.length - 10;
  if (middle > 1) names.splice(5, middle, `(${middle} more)`);
  return names.join(' -> ');
}

function nameOf({ id, label, operation }: GraphNode): string {
  return label === undefined ? `#${id} ${operation}` : `#${id} "${label}"`;
}

function wordsOf({ node, tensor, element }: OperandValue): string {
  const name = nameOf(node);
  if (element !== undefined) return `${name} = ${element}`;
  let [low, high] = [Infinity, -Infinity];
  for (const x of tensor.data) [low, high] = [Math.min(low, x), Math.max(high, x)];
  return `${name} of shape ${formatShape(tensor.shape)}, from ${low} to ${high}`;
}

/** The position of the first element of a real node that is not finite; -1 if there is none. */
function badPosition(values: NodeValues, id: number): number {
  if (values.arena.typeOf(id).kind !== 'real') return -1;
  return values.data(id).findIndex((x) => !Number.isFinite(x));
}
