/** Graphs as plain JSON data. One record per node, ids renumbered without gaps; O(V + E), no recursion. */
import { isGraphNode } from '../explain.ts';
import { Body } from '../body.ts';
import { GraphError } from '../errors.ts';
import { Graph } from '../graph.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { GraphNode } from '../node.ts';
import { checkNames, describeValue } from '../options.ts';
import type { Operation } from '../rows/row.ts';
import { operations } from '../rows/table.ts';
import { checkAttributes } from './json-attributes.ts';
import { encodeValue } from './json-elements.ts';
import {
  FORMAT,
  VERSION,
  type BodyJSON,
  type GraphJSON,
  type NodeJSON,
  type OutputJSON,
} from './json-format.ts';
import { select, type GraphPart } from './part.ts';

/** Nodes by the names under which they are saved. */
export type NamedNodes = Readonly<Record<string, GraphNode>>;

/** Options of {@link toJSON}. */
export interface ToJSONOptions {
  /** Save the current values of inputs. Default true; false saves how to compute and not with which data. */
  readonly values?: boolean;
  /** With a whole graph: which of its nodes to find again by name. Default none. */
  readonly outputs?: NamedNodes;
}

/**
 * A graph as plain data, for `JSON.stringify`; {@link fromJSON} makes the same graph of it again. Structure, shapes,
 * labels, constants and current values of inputs are kept, numbers bit for bit as doubles; where the nodes were
 * built is not.
 *
 * @param what - nodes, one or a list or named as in `{ loss, accuracy }`: they are saved with all that they need, and
 * are the outputs of the file, in this order. Or a whole graph, whose nodes keep their ids.
 * @throws {@link GraphError} when nodes belong to different graphs or none are given, when an output cannot have its
 * name, and when a file could not say what is meant: attributes that the row does not declare, or two operations of one
 * name, such as a row of your own called `add`.
 * @example
 * ```ts
 * import { fromJSON, Graph, toJSON } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: 3 });
 * const file = JSON.stringify(toJSON({ loss: x.square().add(1) }));
 * fromJSON(file).named.get('loss')?.value; // => 10
 * toJSON(x.add(-0)).nodes;
 * // => [
 * //   { op: 'input', name: 'x', value: 3 },
 * //   { op: 'constant', value: '-0' },
 * //   { op: 'add', operands: [0, 1] },
 * // ]
 * ```
 */
export function toJSON(what: GraphPart | NamedNodes, options: ToJSONOptions = {}): GraphJSON {
  checkNames('toJSON', options, ['values', 'outputs']);
  const { part, named } = read(what, options.outputs);
  const { graph, ids, outputs } = select(part, 'toJSON');
  const { nodes, position } = recordsOf(graph, ids, options.values !== false, rowChecker());
  const records =
    named === undefined
      ? outputs.map(({ id }): OutputJSON => ({ node: position[id]! }))
      : named.map(([name, { id }]): OutputJSON => ({ node: position[id]!, name }));
  return { format: FORMAT, version: VERSION, nodes, outputs: records };
}

/** The records of nodes, and the position of each node's record by its id. */
function recordsOf(
  graph: Graph,
  ids: Int32Array,
  withValues: boolean,
  checkRow: (row: Operation) => void,
): { nodes: NodeJSON[]; position: Int32Array } {
  const { arena } = graph;
  const position = new Int32Array(ids.length === 0 ? 0 : ids.at(-1)! + 1);
  for (let i = 0; i < ids.length; i++) position[ids[i]!] = i;
  const nodes = Array.from(ids, (id): NodeJSON => {
    const { shape, kind } = arena.typeOf(id);
    const type = { ...(shape.length > 0 && { shape }), ...(kind !== 'real' && { kind }) };
    const label = graph.label(id);
    const constant = graph.constantValue(id);
    if (constant !== undefined) {
      return { op: 'constant', ...type, value: encodeValue(constant), ...labelled(label) };
    }
    const name = graph.inputName(id);
    if (name !== undefined) {
      const current = withValues ? graph.currentValue(id) : undefined;
      const value = current === undefined ? {} : { value: encodeValue(current) };
      return { op: 'input', name, ...type, ...value, ...(label !== name && labelled(label)) };
    }
    const row = arena.rowOf(id);
    checkRow(row);
    const attributes = checkAttributes(
      row,
      arena.attributes.get(id),
      (message) => new GraphError(`toJSON: node ${id} (${row.name}): ${message}`),
      (_name, body) => (body instanceof Body ? recordOfBody(body, checkRow) : undefined),
    );
    return {
      op: row.name,
      operands: Array.from(arena.operandsOf(id), (operand) => position[operand]!),
      ...(attributes && { attributes }),
      ...type,
      ...labelled(label),
    };
  });
  return { nodes, position };
}

/** A body as data: what its outputs need, and all of its inputs. */
function recordOfBody(body: Body, checkRow: (row: Operation) => void): BodyJSON {
  const { graph, inputs, outputs } = body;
  const ids = ancestorsOf(
    graph.arena,
    [...inputs, ...outputs].map(({ id }) => id),
  );
  const { nodes, position } = recordsOf(graph, ids, false, checkRow);
  const positionsOf = (list: readonly GraphNode[]): number[] => list.map(({ id }) => position[id]!);
  return { nodes, inputs: positionsOf(inputs), outputs: positionsOf(outputs) };
}

function labelled(label: string | undefined): { label?: string } {
  return label === undefined ? {} : { label };
}

/** What to save, and the names of its outputs where they have any. */
function read(
  what: GraphPart | NamedNodes,
  outputs: NamedNodes | undefined,
): { part: GraphPart; named?: readonly (readonly [string, GraphNode])[] } {
  if (what instanceof Graph) {
    const named = entriesOf(outputs ?? {});
    for (const [name, { graph }] of named) {
      if (graph !== what)
        throw new GraphError(
          `toJSON: output "${name}" belongs to another graph than the one saved`,
        );
    }
    return { part: what, named };
  }
  if (typeof what !== 'object' || what === null) {
    throw new GraphError(
      `toJSON: got ${describeValue(what)}, expected a node, a list of nodes, nodes by name, or a graph`,
    );
  }
  if (outputs !== undefined) {
    throw new GraphError(
      'toJSON: the option `outputs` goes with a whole graph; instead of nodes, give toJSON({ name: node, ... })',
    );
  }
  if (isGraphNode(what) || Array.isArray(what)) return { part: what };
  const named = entriesOf(what as NamedNodes);
  return { part: named.map(([, node]) => node), named };
}

function entriesOf(nodes: NamedNodes): [string, GraphNode][] {
  const entries = Object.entries(nodes);
  for (const [name, node] of entries) {
    if (name === '' || name === '__proto__')
      throw new GraphError(`toJSON: ${JSON.stringify(name)} cannot be the name of an output`);
    if (!isGraphNode(node)) throw new GraphError(`toJSON: output "${name}" is not a graph node`);
  }
  return entries;
}

/** Refuses rows whose name would be read back as another row. */
function rowChecker(): (row: Operation) => void {
  const seen = new Map<string, Operation>(Object.entries(operations));
  return (row) => {
    const known = seen.get(row.name);
    if (known === row) return;
    if (known !== undefined) {
      throw new GraphError(
        `toJSON: the graph has two different operations called ${row.name}, which a file cannot tell apart; ` +
          'give the one that is not in the table a name of its own',
      );
    }
    seen.set(row.name, row);
  };
}
