/** Nodes at kinks: points where the derivative is a matter of convention. */
import {
  activations,
  ancestorsOf,
  broadcastIndex,
  type ElementwiseRow,
  type GraphNode,
  numbers,
  positionIn,
} from '@ad/graph';

/** A node with an element at a kink of its table, the derivatives it has there and those documented. */
export interface AtKink {
  readonly node: GraphNode;
  readonly partials: readonly number[];
  readonly expected: readonly number[];
}

/** What is at a kink among the nodes that a node is computed from. */
export function kinksBelow(top: GraphNode): AtKink[] {
  const { graph } = top;
  const values = activations([top]);
  const found: AtKink[] = [];
  for (const id of ancestorsOf(graph.arena, [top.id])) {
    const row = graph.arena.rowOf(id);
    if (row.family !== 'elementwise' || row.kinks === undefined) continue;
    const node = graph.node(id);
    const result = values.tensor(id);
    const operands = node.operands.map((operand) => values.tensor(operand.id));
    const indices = operands.map(({ shape }) => broadcastIndex(shape, result.shape));
    for (let i = 0; i < result.size; i++) {
      const at = operands.map(({ data }, k) => data[positionIn(indices[k]!, i)]!);
      const kink = row.kinks.find((each) => each.at.every((x, k) => x === at[k]));
      if (kink === undefined) continue;
      found.push({ node, partials: partialsAt(row, result.data[i]!, at), expected: kink.partials });
    }
  }
  return found;
}

function partialsAt(row: ElementwiseRow, result: number, at: readonly number[]): number[] {
  const [x, y = 0, z = 0] = at as [number, number?, number?];
  return row.partials.map((partial) =>
    typeof partial === 'number' ? partial : partial(numbers, result, x, y, z),
  );
}
