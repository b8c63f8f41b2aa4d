/**
 * Common subexpressions: of nodes with the same operation, attributes and operands, the first stands for all. Such nodes
 * have the same largest operand, and few nodes share that, so they are in a list of it, which lies in the caches: most
 * nodes read what has just been computed. What does not fit into the lists is in a table with open addressing. Everything
 * is in typed arrays, since graphs may have millions of nodes.
 */
import type { Attributes } from '@ad/graph';
import type { Simplified } from './simplified.ts';

/** The nodes in a list, at most. */
const FEW = 6;

/** The nodes seen so far, to be found by what they compute. */
export class SeenNodes {
  readonly #simplified: Simplified;
  /** By node: the latest in the list of those whose largest operand it is, plus one; 0 for none. */
  readonly #latest: Int32Array;
  /** By node: the one before it in its list, plus one; 0 for none. */
  readonly #before: Int32Array;
  /**
   * By the hash of a node, at that place or behind it: the node plus one, and above it as many bits of the hash as there
   * is room for, so that hardly any other node has to be looked at; 0 for a free place.
   */
  #table = new Uint32Array(2 ** 6);
  #tableCount = 0;
  /** The bits that nodes take. */
  readonly #nodeBits: number;
  readonly #attributeIds = new Map<string, number>();
  readonly #idOfAttributes = new Map<Attributes, number>();
  readonly #commutative: readonly boolean[];

  /** None of the nodes has been seen yet. */
  constructor(simplified: Simplified) {
    this.#simplified = simplified;
    this.#commutative = simplified.rows.map((row) => row.commutes === true);
    const { length } = simplified.codes;
    this.#latest = new Int32Array(length);
    this.#before = new Int32Array(length);
    this.#nodeBits = 2 ** (32 - Math.clz32(length)) - 1;
  }

  /** The first node that computes the same as this one; the node itself, if it is the first or cannot be compared. */
  firstLike(node: number): number {
    const attributeId = this.#attributeIdOf(node);
    if (attributeId < 0) return node;
    const largest = this.#largestOperand(node);
    if (largest >= 0) {
      let met = 0;
      for (let other = this.#latest[largest]! - 1; other >= 0; other = this.#before[other]! - 1) {
        if (this.#equal(node, other, attributeId)) return other;
        met++;
      }
      if (met < FEW) {
        this.#before[node] = this.#latest[largest]!;
        this.#latest[largest] = node + 1;
        return node;
      }
    }
    return this.#inTable(node, attributeId);
  }

  #largestOperand(node: number): number {
    const { operandStarts, operandEnds, operandIds } = this.#simplified;
    const end = operandEnds[node]!;
    let largest = -1;
    for (let e = operandStarts[node]!; e < end; e++) largest = Math.max(largest, operandIds[e]!);
    return largest;
  }

  /** The first node in the table that computes the same; the node itself, which is then put there, if there is none. */
  #inTable(node: number, attributeId: number): number {
    if (2 * this.#tableCount >= this.#table.length) this.#growTable();
    const hash = this.#hashOf(node, attributeId);
    const table = this.#table;
    const mask = table.length - 1;
    const nodeBits = this.#nodeBits;
    const entry = ((hash & ~nodeBits) | (node + 1)) >>> 0;
    for (let at = (hash ^ (hash >>> 15)) & mask; ; at = (at + 1) & mask) {
      const known = table[at]!;
      if (known === 0) {
        table[at] = entry;
        this.#tableCount++;
        return node;
      }
      if (((known ^ entry) & ~nodeBits) !== 0) continue;
      const other = (known & nodeBits) - 1;
      if (this.#equal(node, other, attributeId)) return other;
    }
  }

  #growTable(): void {
    const old = this.#table;
    this.#table = new Uint32Array(4 * old.length);
    this.#tableCount = 0;
    for (const entry of old) {
      const node = (entry & this.#nodeBits) - 1;
      if (node >= 0) this.#inTable(node, this.#attributeIdOf(node));
    }
  }

  #hashOf(node: number, attributeId: number): number {
    const simplified = this.#simplified;
    const { operandIds } = simplified;
    const start = simplified.operandStarts[node]!;
    const end = simplified.operandEnds[node]!;
    let hash =
      Math.imul(simplified.codes[node]! + 1, 0x9e3779b1) ^ Math.imul(attributeId, 0x85ebca6b);
    hash ^= simplified.arena.typeIds[node]!;
    if (end === start + 2) {
      const x = operandIds[start]!;
      const y = operandIds[start + 1]!;
      const swap = x > y && this.#isCommutative(node);
      return mixed(mixed(hash, swap ? y : x), swap ? x : y);
    }
    for (let e = start; e < end; e++) hash = mixed(hash, operandIds[e]!);
    return hash;
  }

  #equal(node: number, other: number, attributeId: number): boolean {
    const simplified = this.#simplified;
    const { arena, codes } = simplified;
    if (codes[node] !== codes[other]) return false;
    if (arena.typeIds[node] !== arena.typeIds[other]) return false;
    const count = simplified.operandCount(node);
    if (simplified.operandCount(other) !== count) return false;
    let same = 0;
    while (same < count && simplified.operand(node, same) === simplified.operand(other, same))
      same++;
    const crossed =
      same === 0 &&
      count === 2 &&
      this.#isCommutative(node) &&
      simplified.operand(node, 0) === simplified.operand(other, 1) &&
      simplified.operand(node, 1) === simplified.operand(other, 0);
    if (same < count && !crossed) return false;
    return this.#attributeIdOf(other) === attributeId;
  }

  #isCommutative(node: number): boolean {
    return this.#commutative[this.#simplified.codes[node]!]!;
  }

  /** The same number for the same attributes, from 1 on; 0 for none; -1 for attributes that are more than numbers. */
  #attributeIdOf(node: number): number {
    const { attributes } = this.#simplified.arena;
    const own = attributes.size === 0 ? undefined : attributes.get(node);
    if (own === undefined) return 0;
    let id = this.#idOfAttributes.get(own);
    if (id === undefined) {
      id = Object.values(own).every(isPlain) ? this.#idOfText(JSON.stringify(own)) : -1;
      this.#idOfAttributes.set(own, id);
    }
    return id;
  }

  #idOfText(text: string): number {
    const id = this.#attributeIds.get(text) ?? this.#attributeIds.size + 1;
    this.#attributeIds.set(text, id);
    return id;
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value);
}

/** A hash of a hash and one more number. */
function mixed(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0xc2b2ae35);
  return product ^ (product >>> 15);
}
