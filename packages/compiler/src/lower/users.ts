/** Who reads whom: the edges of a simplified graph from operand to user, as one list of users sorted by operand. */
import type { Simplified } from '../passes/simplified.ts';

/** The edges, by operand. */
interface Edges {
  /** Where the users of a node start in the list; one entry more than nodes. */
  readonly starts: Int32Array;
  readonly users: Int32Array;
}

/** The users of each node among those that are needed; a node that reads another twice is there twice. */
export class Users {
  readonly #simplified: Simplified;
  readonly #others: ReadonlyMap<number, Int32Array>;
  /** Made when they are first asked for: graphs of scalars alone never ask. */
  #edges: Edges | undefined;

  /**
   * Nothing is counted yet.
   *
   * @param others - the users of some nodes, where they are not those that the graph says.
   */
  constructor(simplified: Simplified, others: ReadonlyMap<number, Int32Array> = new Map()) {
    this.#simplified = simplified;
    this.#others = others;
  }

  /** The nodes that read a node, ascending. */
  of(node: number): Int32Array {
    const others = this.#others.size > 0 ? this.#others.get(node) : undefined;
    if (others !== undefined) return others;
    const { starts, users } = (this.#edges ??= edgesOf(this.#simplified));
    return users.subarray(starts[node], starts[node + 1]);
  }

  /** Whether any user of a node is none of those that `isInside` says. */
  anyOutside(node: number, isInside: (user: number) => boolean): boolean {
    const { starts, users } = (this.#edges ??= edgesOf(this.#simplified));
    const end = starts[node + 1]!;
    for (let e = starts[node]!; e < end; e++) if (!isInside(users[e]!)) return true;
    return false;
  }
}

/** Counts, then fills: O(V + E). */
function edgesOf({ order, operandStarts, operandEnds, operandIds }: Simplified): Edges {
  const starts = new Int32Array((order.at(-1) ?? -1) + 2);
  for (let i = 0; i < order.length; i++) {
    const end = operandEnds[order[i]!]!;
    for (let e = operandStarts[order[i]!]!; e < end; e++) starts[operandIds[e]! + 1]!++;
  }
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const users = new Int32Array(starts.at(-1)!);
  const next = starts.slice();
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    const end = operandEnds[node]!;
    for (let e = operandStarts[node]!; e < end; e++) users[next[operandIds[e]!]!++] = node;
  }
  return { starts, users };
}
