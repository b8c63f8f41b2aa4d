/**
 * A graph as text: one line per node, operands before the nodes that use them. Time is linear in the nodes and edges
 * selected; only the lines shown are made, so the head of a graph with a million nodes costs next to nothing.
 */
import { Body } from '../body.ts';
import type { Graph } from '../graph.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';
import type { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import { abbreviate, formatAttributes, formatConstant, formatCount, formatType } from './format.ts';
import { checkLimit, select, type GraphPart } from './part.ts';

/** Options of {@link listing}. */
export interface ListingOptions {
  /** How many lines at most; what is left out is counted in a last line. Default 1000; `Infinity` for all. */
  readonly limit?: number;
}

/** Operands shown of an operation that may take any number. */
const OPERANDS_SHOWN = 16;

/**
 * A readable listing of a graph: per node its id, label, type, operation and operands, with attributes named.
 *
 * Constants of more than a few elements are shortened. The bodies of loops and branches stand below their nodes, indented.
 * A last line counts the nodes beyond the limit.
 *
 * @param part - a node or a list of nodes, listed with all that they need and nothing else, or a whole graph.
 * @throws {@link GraphError} when the list of nodes is empty or they belong to different graphs.
 * @throws {@link ValueError} when the limit is negative or a fraction.
 * @example
 * ```ts
 * import { Graph, listing } from '@ad/graph';
 *
 * const graph = new Graph();
 * const x = graph.input('x', { shape: [2, 3] });
 * const loss = x.mul(2).sum({ axes: 0 }).named('loss');
 * listing(loss).split('\n');
 * // => [
 * //   '%0 "x": real[2, 3] = input',
 * //   '%1: real = constant 2',
 * //   '%2: real[2, 3] = mul(%0 "x", %1)',
 * //   '%3 "loss": real[3] = sum(%2, axes: [0], keepDims: false)',
 * // ]
 * listing(graph, { limit: 1 }).split('\n').at(-1); // => '... 3 more'
 * ```
 */
export function listing(part: GraphPart, options: ListingOptions = {}): string {
  checkNames('listing', options, ['limit']);
  const limit = checkLimit(options.limit ?? 1000, 'listing');
  const { graph, ids } = select(part, 'listing');
  const lines: string[] = [];
  const hidden = addLines(lines, graph, ids, limit, '');
  if (hidden > 0) lines.push(`... ${formatCount(hidden)} more`);
  return lines.join('\n');
}

/** Adds the lines of nodes and of their bodies, as many as there is room for; returns how many nodes are left out. */
function addLines(
  lines: string[],
  graph: Graph,
  ids: Int32Array,
  limit: number,
  margin: string,
): number {
  let hidden = 0;
  for (let i = 0; i < ids.length; i++) {
    if (lines.length >= limit) return hidden + ids.length - i;
    lines.push(margin + lineOf(graph, ids[i]!));
    for (const [name, body] of bodiesOf(graph, ids[i]!)) {
      const { inputs, outputs } = body;
      const nodes = [...inputs, ...outputs].map(({ id }) => id);
      const list = (of: readonly GraphNode[]): string =>
        abbreviate(of.length, (k) => nameOf(body.graph, of[k]!.id), OPERANDS_SHOWN);
      if (lines.length < limit)
        lines.push(`${margin}  ${name}: (${list(inputs)}) => (${list(outputs)})`);
      hidden += addLines(
        lines,
        body.graph,
        ancestorsOf(body.graph.arena, nodes),
        limit,
        `${margin}    `,
      );
    }
  }
  return hidden;
}

function bodiesOf(graph: Graph, id: number): [string, Body][] {
  const attributes = Object.entries(graph.arena.attributes.get(id) ?? {});
  return attributes.flatMap(([name, value]): [string, Body][] =>
    value instanceof Body ? [[name, value]] : [],
  );
}

function lineOf(graph: Graph, id: number): string {
  return `${nameOf(graph, id)}: ${formatType(graph.arena.typeOf(id))} = ${expressionOf(graph, id)}`;
}

/** `%3 "loss"`: JSON quotes the label, so a line stays a line. */
function nameOf(graph: Graph, id: number): string {
  const label = graph.label(id);
  return label === undefined ? `%${id}` : `%${id} ${JSON.stringify(label)}`;
}

function expressionOf(graph: Graph, id: number): string {
  const { arena } = graph;
  const value = graph.constantValue(id);
  if (value !== undefined) return `constant ${formatConstant(value)}`;
  const name = graph.inputName(id);
  if (name !== undefined)
    return name === graph.label(id) ? 'input' : `input ${JSON.stringify(name)}`;
  const ids = arena.operandsOf(id);
  const operands = abbreviate(ids.length, (k) => nameOf(graph, ids[k]!), OPERANDS_SHOWN);
  const attributes = formatAttributes(arena.rowOf(id), arena.attributes.get(id));
  return `${arena.rowOf(id).name}(${[operands, ...attributes].join(', ')})`;
}
