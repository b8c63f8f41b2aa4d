/**
 * Drawings: a graph as source text for Graphviz, which lays it out. Forward edges run from operand to result in black;
 * the messages of a reverse sweep run against them, dashed and red. Nodes are named by their ids, so no text of the
 * user's is ever more than a quoted label.
 */
import { CapacityError, ValueError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { GraphNode } from '../node.ts';
import { checkNames } from '../options.ts';
import { formatAttributes, formatConstant, formatCount, formatType } from './format.ts';
import { checkLimit, select, type GraphPart } from './part.ts';

/** Options of {@link toDot} and of `toSvg`. */
export interface DotOptions {
  /** A further line (or lines) in a node, such as its value or adjoint; `undefined` for none. */
  readonly annotate?: (node: GraphNode) => string | undefined;
  /**
   * The message that a reverse sweep sends from a node to its operand at `position`, drawn as a dashed red edge with
   * this label; `undefined` for none.
   */
  readonly messages?: (from: GraphNode, to: GraphNode, position: number) => string | undefined;
  /** The direction of the forward edges: top to bottom (`TB`, the default), `BT`, left to right (`LR`) or `RL`. */
  readonly rankdir?: 'TB' | 'BT' | 'LR' | 'RL';
  /** The most nodes to draw; default 200. */
  readonly limit?: number;
}

/** Significant digits of constants. */
const DIGITS = 6;

const inputStyle = 'shape=ellipse, style=filled, fillcolor="#dceafc", color="#2f68b0"';
const constantStyle = 'shape=box, style=filled, fillcolor="#f0f0f0", color="#a0a0a0"';
const operationStyle = 'shape=box, style="rounded,filled", fillcolor="#fff4d6", color="#a87b12"';
const outputStyle = 'color=black, penwidth=2';
/** Written as an edge from the operand with its arrow at the tail: so Graphviz lays it beside the forward edge. */
const messageStyle = 'dir=back, arrowtail=vee, style=dashed, color="#d01818", fontcolor="#d01818"';

/** Operations that give the same when their operands change places: their edges need no numbers. */
const commutative: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'add',
  'mul',
  'strongMul',
  'minimum',
  'maximum',
  'hypot',
  'equal',
  'notEqual',
  'and',
  'or',
]);

/**
 * The source of a drawing, for Graphviz or anything else that reads DOT.
 *
 * Inputs are blue ellipses, constants grey boxes, operations yellow rounded boxes, and the nodes asked for have a
 * thick frame. Where the order of operands matters, small numbers on the edges give it.
 *
 * @param part - a node or a list of nodes, drawn with all that they need, or a whole graph.
 * @throws {@link CapacityError} when there are more nodes than `options.limit`.
 * @throws {@link GraphError} when the list of nodes is empty or they belong to different graphs.
 * @throws {@link ValueError} when `rankdir` or `limit` is none of the values allowed.
 * @example
 * ```ts
 * import { Graph, toDot } from '@ad/graph';
 *
 * const x = new Graph().input('x', { value: 3 });
 * const dot = toDot(x.square(), {
 *   annotate: (node) => `= ${node.value}`,
 *   messages: (from, to) => `2x = ${2 * to.value}`,
 * });
 * dot.includes('n1 [label="square\\n= 9"'); // => true
 * dot.includes('n0 -> n1;'); // => true
 * dot.includes('n0 -> n1 [label=" 2x = 6", dir=back'); // => true
 * ```
 */
export function toDot(part: GraphPart, options: DotOptions = {}): string {
  checkNames('toDot', options, ['annotate', 'messages', 'rankdir', 'limit']);
  const { graph, ids, outputs } = select(part, 'toDot');
  checkSize(ids.length, checkLimit(options.limit ?? 200, 'toDot'));
  const framed = new Set(outputs.map((output) => output.id));
  const lines = [
    'digraph {',
    `  graph [rankdir=${direction(options)}, bgcolor=white, nodesep=0.4, ranksep=0.45, pad=0.15];`,
    '  node [fontname="Helvetica,Arial,sans-serif", fontsize=12, height=0.35, width=0.5, margin="0.14,0.07"];',
    '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=10, color=black, arrowsize=0.7];',
  ];
  for (const id of ids) {
    const look = [`label=${quote(labelOf(graph, id, options))}`, styleOf(graph, id)];
    if (framed.has(id)) look.push(outputStyle);
    lines.push(`  n${id} [${look.join(', ')}];`);
  }
  for (const id of ids) lines.push(...edgesOf(new GraphNode(graph, id), options));
  lines.push('}', '');
  return lines.join('\n');
}

function checkSize(count: number, limit: number): void {
  if (count <= limit) return;
  throw new CapacityError(
    `toDot: there are ${formatCount(count)} nodes to draw and the limit is ${formatCount(limit)}; draw a part, for example ` +
      'an inner node, or raise the option `limit`; layouts of more than some hundred nodes take very long and show little',
  );
}

function direction({ rankdir = 'TB' }: DotOptions): string {
  if (/^(?:TB|BT|LR|RL)$/.test(rankdir)) return rankdir;
  throw new ValueError(`toDot: rankdir is ${quote(rankdir)}, expected TB, BT, LR or RL`);
}

/** The lines of a node: its name, what it is, its type where that is more than "a real number", the annotation. */
function labelOf(graph: Graph, id: number, { annotate }: DotOptions): string {
  const { arena } = graph;
  const value = graph.constantValue(id);
  const label = graph.label(id);
  const lines = label === undefined || label === '' ? [] : [label];
  if (value !== undefined) lines.push(formatConstant(value, DIGITS));
  else if (graph.inputName(id) === undefined) lines.push(arena.rowOf(id).name);
  lines.push(...formatAttributes(arena.rowOf(id), arena.attributes.get(id)));
  const type = formatType(arena.typeOf(id));
  if (type !== 'real') lines.push(type);
  const annotation = annotate?.(new GraphNode(graph, id));
  if (annotation !== undefined && annotation !== '') lines.push(annotation);
  return lines.join('\n');
}

function styleOf(graph: Graph, id: number): string {
  if (graph.inputName(id) !== undefined) return inputStyle;
  return graph.constantValue(id) === undefined ? operationStyle : constantStyle;
}

/** One forward edge per operand position, and its message. */
function edgesOf(node: GraphNode, { messages }: DotOptions): string[] {
  const operands = node.operands;
  const ordered =
    new Set(operands.map(({ id }) => id)).size > 1 && !commutative.has(node.operation);
  return operands.flatMap((operand, position) => {
    const number = ordered
      ? ` [headlabel="${position + 1}", fontsize=8, fontcolor="#808080", labeldistance=1.4]`
      : '';
    const forward = `  n${operand.id} -> n${node.id}${number};`;
    const message = messages?.(node, operand, position);
    if (message === undefined) return [forward];
    // The space keeps the label off the line.
    const label = quote(` ${message}`);
    return [forward, `  n${operand.id} -> n${node.id} [label=${label}, ${messageStyle}];`];
  });
}

/**
 * A quoted string that Graphviz shows as it is. Backslashes start its escapes and ampersands its character
 * references; control characters, halves of surrogate pairs and noncharacters cannot stand in the XML of a drawing.
 */
function quote(text: string): string {
  const shown = text
    .replace(/\r\n?/g, '\n')
    .replace(/\p{Cc}/gu, pictureOf)
    .replace(/[\p{Surrogate}\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('&', '&amp;')
    .replaceAll('\n', '\\n');
  return `"${shown}"`;
}

/** A control character as the picture that Unicode has of it. */
function pictureOf(control: string): string {
  if (control === '\n') return control;
  if (control === '\t') return ' ';
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
}
