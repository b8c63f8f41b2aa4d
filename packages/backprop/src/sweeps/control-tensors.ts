/** The messages of a loop or branch as numbers: the loop that runs backwards is built in a graph of its own, and evaluated. */
import {
  type Arena,
  carriesMessage,
  evaluate,
  Graph,
  type GraphNode,
  type NodeValues,
  type Strengthening,
  type Tensor,
} from '@ad/graph';

/** The messages from control node `u`, whose sum is `S`, to each of its operands; `undefined` where there is none. */
export function tensorsOfControl(
  arena: Arena,
  u: number,
  S: Tensor,
  values: NodeValues,
  strong: Strengthening | undefined,
): (Tensor | undefined)[] {
  const row = arena.rowOf(u);
  if (row.family !== 'control') throw new Error(`${row.name} is no loop or branch`);
  const graph = new Graph();
  const stand = (name: string, value: Tensor): GraphNode => graph.input(name, { value });
  const ids = arena.operandsOf(u);
  const operands = Array.from(ids, (id, k) => stand(`operand${k}`, values.tensor(id)));
  const first = arena.operandStarts[u]!;
  const wanted = operands.map((_, k) => carriesMessage(arena, u, k, first + k));
  const result = stand('result', values.tensor(u));
  const attributes = arena.attributes.get(u)!;
  const parts = row.parts(attributes);
  parts.addWhole(stand('adjoint', S));
  const node = { row, attributes, operands, result };
  const messages = row.pullback(node, parts, wanted, strong);
  const present = messages.filter((message) => message !== undefined);
  const numbers = evaluate(present);
  let next = 0;
  return messages.map((message) => (message === undefined ? undefined : numbers[next++]));
}
