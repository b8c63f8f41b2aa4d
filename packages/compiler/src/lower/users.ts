/** Who reads whom: the edges of a simplified graph from operand to user, as one list of users sorted by operand. */
import type { Simplified } from '../passes/simplified.ts';

/** The users of each node among those that are needed; a node that reads another twice is there twice. */
export class Users {
  /** Where the users of a node start in the list; one entry more than nodes. */
  readonly #starts: Int32Array;
  readonly #ids: Int32Array;
  readonly #others: ReadonlyMap<number, Int32Array>;

  /**
   * Counts, then fills: O(V + E).
   *
   * @param others - the users of some nodes, where they are not those that the graph says.
   */
  constructor(simplified: Simplified, others: ReadonlyMap<number, Int32Array> = new Map()) {
    this.#others = others;
    const { order } = simplified;
    const starts = new Int32Array((order.at(-1) ?? -1) + 2);
    for (const node of order) {
      const count = simplified.operandCount(node);
      for (let k = 0; k < count; k++) starts[simplified.operand(node, k) + 1]!++;
    }
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const ids = new Int32Array(starts.at(-1)!);
    const next = starts.slice();
    for (const node of order) {
      const count = simplified.operandCount(node);
      for (let k = 0; k < count; k++) ids[next[simplified.operand(node, k)]!++] = node;
    }
    this.#starts = starts;
    this.#ids = ids;
  }

  /** The nodes that read a node, ascending. */
  of(node: number): Int32Array {
    const others = this.#others.size > 0 ? this.#others.get(node) : undefined;
    if (others !== undefined) return others;
    return this.#ids.subarray(this.#starts[node], this.#starts[node + 1]);
  }

  /** Whether any user of a node is none of those that `isInside` says. */
  anyOutside(node: number, isInside: (user: number) => boolean): boolean {
    const end = this.#starts[node + 1]!;
    for (let e = this.#starts[node]!; e < end; e++) if (!isInside(this.#ids[e]!)) return true;
    return false;
  }
}
