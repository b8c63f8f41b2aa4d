/** Which operation is at fault: each on the way is checked alone, at the values it has there. */
import { activations, ancestorsOf, apply, evaluate, Graph, type GraphNode } from '@ad/graph';
import { Directions } from './directions.ts';
import { kinksBelow } from './kinks.ts';
import { Point, type Scalar } from './point.ts';
import { compare, explainingKinks } from './slopes.ts';

/** The first operation below `s` that is wrong by itself. */
export function culpritBelow(
  s: GraphNode,
  isRight: (alone: Point, random: Directions) => boolean,
): GraphNode | undefined {
  const { arena } = s.graph;
  const values = activations([s]);
  for (const id of ancestorsOf(arena, [s.id])) {
    const node = s.graph.node(id);
    const { operands } = node;
    if (node.kind !== 'real' || operands.length === 0) continue;
    const alone = new Point(
      (at) => {
        const graph = new Graph();
        const inputs = at.map((value, k) => graph.input(`x${k}`, { value }));
        const output = apply(arena.rowOf(id), inputs, arena.attributes.get(id) ?? {});
        return { graph, inputs, output };
      },
      operands.map((operand) => values.tensor(operand.id)),
    );
    const { output } = alone.built;
    if (alone.moving.length === 0 || !evaluate(output).data.every((x) => Number.isFinite(x)))
      continue;
    if (!isRight(alone, new Directions(7))) return node;
  }
  return undefined;
}

/** How many random directions a single operation is checked along. */
const DIRECTIONS = 2;

/** Whether the slopes of a single operation agree, and follow the convention at a kink. */
export function hasRightSlopes(point: Point, random: Directions): boolean {
  const { output } = point.built;
  const value = evaluate(output);
  if (
    kinksBelow(output).some(
      ({ partials, expected }) => !partials.every((x, k) => isSame(x, expected[k]!)),
    )
  )
    return false;
  for (let k = 0; k < DIRECTIONS; k++) {
    const v = random.like(value);
    const scalar: Scalar = (built) => built.output.mul(v).sum();
    const comparison = compare(point, scalar, random.likeReals(point.values));
    const isExplained = comparison.isClose || explainingKinks(comparison) !== undefined;
    if (!isExplained || !comparison.isDual) return false;
  }
  return true;
}

/** Whether two derivatives are the same; zeros of both signs are. */
export function isSame(actual: number, expected: number): boolean {
  return actual + 0 === expected + 0 || Object.is(actual, expected);
}
