/**
 * A graph as the compiler sees it after simplification. The graph itself stays as it is: beside it stand, for each
 * node, the node that has the same value (itself, if nothing simpler does), the number that it is known to be, and the
 * operation that computes it in another way. All passes write here; whoever reads a graph through this sees their
 * results together.
 */
import { type Arena, type ElementwiseRow, type Graph, type Operation } from '@ad/graph';

/** Another way to compute a node: an elementwise operation on other operands. */
export interface Rewrite {
  readonly row: ElementwiseRow;
  readonly operands: readonly number[];
}

/** What simplification has found out. */
export class Simplified {
  /** The graph. */
  readonly graph: Graph;
  /** Its arena. */
  readonly arena: Arena;
  /** The nodes that are computed or read, ascending. */
  order: Int32Array = new Int32Array(0);
  /** Per node: the node with the same value that stands for it. */
  readonly #same: Int32Array;
  readonly #isUniform: Uint8Array;
  readonly #uniform = new Map<number, number>();
  /** 1 for the nodes that are computed in another way: most are not, and need no look into the map. */
  readonly #isRewritten: Uint8Array;
  readonly #rewrites = new Map<number, Rewrite>();

  /** Nothing is simplified yet: each of the first `count` nodes stands for itself. */
  constructor(graph: Graph, count: number) {
    this.graph = graph;
    this.arena = graph.arena;
    this.#same = new Int32Array(count);
    for (let node = 0; node < count; node++) this.#same[node] = node;
    this.#isUniform = new Uint8Array(count);
    this.#isRewritten = new Uint8Array(count);
  }

  /** The node that stands for a node. */
  nodeFor(node: number): number {
    return this.#same[node]!;
  }

  /** Lets a node stand for a later one of the same type. */
  replace(node: number, same: number): void {
    this.#same[node] = this.#same[same]!;
  }

  /** The number that every element of a node is, if that is known; truth values are 1 and 0. */
  uniformValue(node: number): number | undefined {
    return this.#isUniform[node] === 1 ? this.#uniform.get(node) : undefined;
  }

  /** Every element of the node is this number. */
  setUniform(node: number, value: number): void {
    this.#isUniform[node] = 1;
    this.#uniform.set(node, value);
  }

  /** Computes a node in another way. */
  rewrite(node: number, rewrite: Rewrite): void {
    this.#isRewritten[node] = 1;
    this.#rewrites.set(node, rewrite);
  }

  /** The operation of a node. */
  rowOf(node: number): Operation {
    return this.#rewriteOf(node)?.row ?? this.arena.rowOf(node);
  }

  /** How many operands a node has; none, if it is a known number. */
  operandCount(node: number): number {
    if (this.#isUniform[node] === 1) return 0;
    const rewrite = this.#rewriteOf(node);
    if (rewrite !== undefined) return rewrite.operands.length;
    return this.arena.operandStarts[node + 1]! - this.arena.operandStarts[node]!;
  }

  /** Operand `k` of a node, through the nodes that stand for others. */
  operand(node: number, k: number): number {
    const rewrite = this.#rewriteOf(node);
    if (rewrite !== undefined) return this.#same[rewrite.operands[k]!]!;
    return this.#same[this.arena.operandIds[this.arena.operandStarts[node]! + k]!]!;
  }

  /** All operands of a node. */
  operandsOf(node: number): number[] {
    return Array.from({ length: this.operandCount(node) }, (_, k) => this.operand(node, k));
  }

  #rewriteOf(node: number): Rewrite | undefined {
    return this.#isRewritten[node] === 1 ? this.#rewrites.get(node) : undefined;
  }
}
