/**
 * A graph as the compiler sees it after simplification. The graph itself stays as it is: beside it stand, for each
 * node, the node that has the same value (itself, if nothing simpler does), the number that it is known to be, its
 * operation and its operands. All passes write here; whoever reads a graph through this sees their results together.
 *
 * Everything is in typed arrays by node, as in the arena, since graphs may have millions of nodes: operations and
 * operands begin as copies of the arena's.
 */
import { type Arena, type ElementwiseRow, type Graph, type Operation } from '@ad/graph';

/** Another way to compute a node: an elementwise operation on other operands, no more of them than before. */
export interface Rewrite {
  readonly row: ElementwiseRow;
  readonly operands: readonly number[];
}

/** Of a node: every element is one known number. */
export const KNOWN = 1;
/** Of a node: it is a sigmoid. */
export const SIGMOID = 2;

/** What simplification has found out. */
export class Simplified {
  /** The graph. */
  readonly graph: Graph;
  /** Its arena. */
  readonly arena: Arena;
  /** The nodes that are computed or read, ascending. */
  order: Int32Array = new Int32Array(0);
  /** Per node: index into {@link rows}. */
  readonly codes: Uint16Array;
  /** The operations by code: those of the graph, then those that nodes are computed with in another way. */
  readonly rows: Operation[];
  /** Per node: where its operands start in {@link operandIds}, and where they end; a known number has none. */
  readonly operandStarts: Int32Array;
  readonly operandEnds: Int32Array;
  /** The operands: of nodes that are settled, those that stand for them. */
  readonly operandIds: Int32Array;
  /** Per node: the node with the same value that stands for it. */
  readonly #same: Int32Array;
  /** Per node: what those that read it should know, as a sum of the constants above. */
  readonly #remarks: Uint8Array;
  readonly #uniform = new Map<number, number>();

  /** Nothing is simplified yet: each of the first `count` nodes stands for itself. */
  constructor(graph: Graph, count: number) {
    const { arena } = graph;
    this.graph = graph;
    this.arena = arena;
    this.codes = arena.codes.slice(0, count);
    this.rows = [...arena.rows];
    this.operandStarts = arena.operandStarts;
    this.operandEnds = arena.operandStarts.slice(1, count + 1);
    this.operandIds = arena.operandIds.slice(0, arena.operandStarts[count]);
    this.#same = new Int32Array(count);
    for (let node = 0; node < count; node++) this.#same[node] = node;
    this.#remarks = new Uint8Array(count);
  }

  /**
   * Puts in the place of a node's operands those that stand for them, and returns what is remarkable about any of these; to
   * be called once they are settled.
   */
  settle(node: number): number {
    const { operandIds } = this;
    const first = this.operandStarts[node]!;
    const last = this.operandEnds[node]! - 1;
    if (last < first) return 0;
    // Few nodes have more than two operands, and to count to one or two takes longer than to settle one twice.
    const x = this.#same[operandIds[first]!]!;
    const y = this.#same[operandIds[last]!]!;
    operandIds[first] = x;
    operandIds[last] = y;
    let remarks = this.#remarks[x]! | this.#remarks[y]!;
    for (let e = first + 1; e < last; e++) {
      const z = this.#same[operandIds[e]!]!;
      operandIds[e] = z;
      remarks |= this.#remarks[z]!;
    }
    return remarks;
  }

  /** Lets those that read a node know something about it. */
  remark(node: number, remark: number): void {
    this.#remarks[node]! |= remark;
  }

  /** The node that stands for a node. */
  nodeFor(node: number): number {
    return this.#same[node]!;
  }

  /** Lets a node stand for a later one of the same type. */
  replace(node: number, same: number): void {
    this.#same[node] = this.#same[same]!;
  }

  /** Whether every element of a node is one known number. */
  isUniform(node: number): boolean {
    return (this.#remarks[node]! & KNOWN) !== 0;
  }

  /** The number that every element of a node is, if that is known; truth values are 1 and 0. */
  uniformValue(node: number): number | undefined {
    return this.isUniform(node) ? this.#uniform.get(node) : undefined;
  }

  /** Every element of the node is this number. */
  setUniform(node: number, value: number): void {
    this.remark(node, KNOWN);
    this.#uniform.set(node, value);
    this.operandEnds[node] = this.operandStarts[node]!;
  }

  /** Computes a node in another way. */
  rewrite(node: number, { row, operands }: Rewrite): void {
    const known = this.rows.indexOf(row);
    this.codes[node] = known < 0 ? this.rows.push(row) - 1 : known;
    const start = this.operandStarts[node]!;
    this.operandIds.set(operands, start);
    this.operandEnds[node] = start + operands.length;
  }

  /** The operation of a node. */
  rowOf(node: number): Operation {
    return this.rows[this.codes[node]!]!;
  }

  /** How many operands a node has; none, if it is a known number. */
  operandCount(node: number): number {
    return this.operandEnds[node]! - this.operandStarts[node]!;
  }

  /** Operand `k` of a node. */
  operand(node: number, k: number): number {
    return this.operandIds[this.operandStarts[node]! + k]!;
  }

  /** All operands of a node. */
  operandsOf(node: number): number[] {
    return Array.from({ length: this.operandCount(node) }, (_, k) => this.operand(node, k));
  }
}
