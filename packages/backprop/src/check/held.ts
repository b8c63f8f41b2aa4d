/**
 * Functions with values that derivatives take for constants (rows that hold). Quotients are to take them for constants as
 * well, so they are formed from a copy of the function in which these values are constants.
 */
import {
  activations,
  ancestorsOf,
  apply,
  Body,
  Graph,
  type GraphNode,
  type Operation,
  sameShape,
  type Tensor,
} from '@ad/graph';
import type { Built } from './built.ts';

/** The values that are held below the output, in the order of their nodes. */
export function heldValues({ output }: Built): Tensor[] {
  const { arena } = output.graph;
  const ids = ancestorsOf(arena, [output.id]).filter((id) => holds(arena.rowOf(id)));
  if (ids.length === 0) return [];
  const values = activations([output]);
  return Array.from(ids, (id) => values.tensor(id));
}

/**
 * The function with constants in the place of what is held.
 *
 * @param held - their values, in order; one of another type is not there at this point, and its own value is taken.
 */
export function withHeld(built: Built, held: readonly Tensor[]): Built {
  if (held.length === 0) return built;
  const { arena } = built.graph;
  const values = activations([built.output]);
  const graph = new Graph();
  const copies = new Map<number, GraphNode>();
  const inputs = built.inputs.map((input) => {
    const { shape, kind } = input;
    const copy = graph.input(input.label!, { shape, kind, value: input.tensor });
    copies.set(input.id, copy);
    return copy;
  });
  let next = 0;
  for (const id of ancestorsOf(arena, [built.output.id])) {
    if (copies.has(id)) continue;
    const row = arena.rowOf(id);
    if (holds(row)) {
      const own = values.tensor(id);
      const value = held[next++];
      copies.set(id, graph.constant(value !== undefined && isLike(value, own) ? value : own));
      continue;
    }
    const constant = built.graph.constantValue(id);
    const operands = Array.from(arena.operandsOf(id), (operand) => copies.get(operand)!);
    const copy =
      constant === undefined
        ? apply(row, operands, arena.attributes.get(id))
        : graph.constant(constant);
    copies.set(id, copy);
  }
  return { graph, inputs, output: copies.get(built.output.id)! };
}

/** The loops and branches below a node that hold values inside, where nothing can be put in their place. */
export function holdingLoops(top: GraphNode): GraphNode[] {
  const { graph } = top;
  return Array.from(ancestorsOf(graph.arena, [top.id]), (id) => graph.node(id)).filter((node) =>
    holdsInside(node),
  );
}

function holdsInside({ graph, id }: GraphNode): boolean {
  const bodies = bodiesOf(graph, id);
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    const { graph: inner, outputs } = body;
    const ids = ancestorsOf(
      inner.arena,
      outputs.map((output) => output.id),
    );
    if (ids.some((each) => holds(inner.arena.rowOf(each)))) return true;
    for (const each of ids) bodies.push(...bodiesOf(inner, each));
  }
  return false;
}

function bodiesOf({ arena }: Graph, id: number): Body[] {
  const attributes = Object.values(arena.attributes.get(id) ?? {});
  return attributes.filter((value) => value instanceof Body);
}

function holds(row: Operation): boolean {
  return row.family === 'discrete' && row.holds === true;
}

function isLike(a: Tensor, b: Tensor): boolean {
  return a.kind === b.kind && sameShape(a.shape, b.shape);
}
