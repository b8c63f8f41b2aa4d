/** Why a step was not finite: the first node at fault, found by computing the batch again with the interpreter. */
import { activations, type Feeds, type GraphNode, type NodeValues } from '@ad/graph';

/** The node at which numbers stopped being finite. */
export interface NonFiniteNode {
  /** The label of the node, if it has one. */
  readonly label?: string;
  /** The name of its operation. */
  readonly operation: string;
  /** One of its values that are not finite: `NaN`, `Infinity` or `-Infinity`. */
  readonly value: string;
  /** The node in words. */
  readonly description: string;
}

/** Where numbers stopped being finite, on the way to which node. */
export interface Diagnosis {
  /** The position of that node among those that were looked at. */
  readonly target: number;
  /** Where. */
  readonly node: NonFiniteNode;
}

/**
 * The first node that is not finite on the way to one of `targets` that is not, by id: its operands are finite.
 *
 * @param targets - in the order in which they are looked at.
 * @returns `undefined` when all are finite.
 * Complexity: O(V + E).
 */
export function firstNonFinite(targets: readonly GraphNode[], feeds: Feeds): Diagnosis | undefined {
  const values = activations(targets, feeds);
  const position = targets.findIndex(({ id }) => badValue(values, id) !== undefined);
  if (position < 0) return undefined;
  const target = targets[position]!;
  const { graph } = target;
  const { arena } = graph;
  const onTheWay = new Set([target.id]);
  let first = target.id;
  for (let id = target.id; id >= 0; id--) {
    if (!onTheWay.has(id)) continue;
    first = id;
    for (const operand of arena.operandsOf(id)) {
      // Constants are what somebody wrote: an infinite one is no fault.
      if (graph.constantValue(operand) === undefined && badValue(values, operand) !== undefined)
        onTheWay.add(operand);
    }
  }
  const node = graph.node(first);
  const label = node.label;
  return {
    target: position,
    node: {
      ...(label === undefined ? {} : { label }),
      operation: node.operation,
      value: String(badValue(values, first)),
      description: node.toString(),
    },
  };
}

/** A value of a real node that is not finite, if it has one. */
function badValue(values: NodeValues, id: number): number | undefined {
  if (values.arena.typeOf(id).kind !== 'real') return undefined;
  return values.data(id).find((x) => !Number.isFinite(x));
}
