/** Which parts of a body take part in a derivative: reachability along the edges that carry messages. O(V + E). */
import type { Body } from '../body.ts';
import { carriesMessage } from '../edges.ts';
import { ancestorsOf } from '../interpreter/schedule.ts';

/** Which outputs move when these inputs move. */
export function outputsMovedBy(body: Body, moves: readonly boolean[]): boolean[] {
  const { arena } = body.graph;
  const moved = new Set<number>();
  body.inputs.forEach(({ id, kind }, k) => {
    if (moves[k] === true && kind === 'real') moved.add(id);
  });
  for (const id of orderOf(body)) {
    const first = arena.operandStarts[id]!;
    const operands = arena.operandsOf(id);
    const isMoved = operands.some(
      (z, k) => moved.has(z) && carriesMessage(arena, id, k, first + k),
    );
    if (isMoved) moved.add(id);
  }
  return body.outputs.map(({ id }) => moved.has(id));
}

/** Which inputs receive messages when these outputs send. */
export function inputsReachedBy(body: Body, sends: readonly boolean[]): boolean[] {
  const { arena } = body.graph;
  const reached = new Set<number>();
  body.outputs.forEach(({ id, kind }, k) => {
    if (sends[k] === true && kind === 'real') reached.add(id);
  });
  const order = orderOf(body);
  for (let i = order.length - 1; i >= 0; i--) {
    const id = order[i]!;
    if (!reached.has(id)) continue;
    const first = arena.operandStarts[id]!;
    arena.operandsOf(id).forEach((z, k) => {
      if (carriesMessage(arena, id, k, first + k)) reached.add(z);
    });
  }
  return body.inputs.map(({ id }) => reached.has(id));
}

function orderOf({ graph, outputs }: Body): Int32Array {
  return ancestorsOf(
    graph.arena,
    outputs.map(({ id }) => id),
  );
}
