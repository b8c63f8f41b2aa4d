/** A simplified graph as text: one line for each node that is left. */
import { formatShape, type GraphNode } from '@ad/graph';
import type { Precision } from '../../src/index.ts';
import { simplify } from '../../src/passes/simplify.ts';

/** What is left of the graph below the given nodes, and which nodes stand for these. */
export function simplifiedText(nodes: readonly GraphNode[], precision: Precision = 'f64'): string {
  const { graph } = nodes[0]!;
  const simplified = simplify(
    graph,
    nodes.map(({ id }) => id),
    precision,
  );
  const lines = Array.from(simplified.order, (node) => {
    const value = simplified.uniformValue(node);
    const operands = simplified.operandsOf(node).map((operand) => ` #${operand}`);
    const what = value ?? graph.inputName(node) ?? simplified.rowOf(node).name;
    return `#${node} ${formatShape(graph.arena.typeOf(node).shape)} = ${String(what)}${operands.join('')}`;
  });
  return [...lines, `-> ${nodes.map(({ id }) => `#${simplified.nodeFor(id)}`).join(' ')}`].join(
    '\n',
  );
}
