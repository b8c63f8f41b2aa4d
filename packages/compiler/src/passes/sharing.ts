/**
 * Common subexpressions: of nodes with the same operation, attributes and operands, the first stands for all. One
 * table with open addressing in typed arrays, since graphs may have millions of nodes.
 */
import type { Attributes } from '@ad/graph';
import type { Simplified } from './simplified.ts';

/** The nodes seen so far, to be found by what they compute. */
export class SeenNodes {
  readonly #simplified: Simplified;
  /**
   * By the hash of a node, at that place or behind it: the node plus one, and above it as many bits of the hash as there
   * is room for, so that hardly any other node has to be looked at; 0 for a free place.
   */
  readonly #table: Uint32Array;
  readonly #mask: number;
  /** The bits that nodes take. */
  readonly #nodeBits: number;
  readonly #attributeIds = new Map<string, number>();
  readonly #commutative: readonly boolean[];

  /** Room for so many nodes. */
  constructor(simplified: Simplified, count: number) {
    this.#simplified = simplified;
    this.#commutative = simplified.rows.map((row) => row.commutes === true);
    const places = 2 ** Math.ceil(Math.log2(1.5 * count + 2));
    this.#table = new Uint32Array(places);
    this.#mask = places - 1;
    this.#nodeBits = 2 ** (32 - Math.clz32(simplified.codes.length)) - 1;
  }

  /** The first node that computes the same as this one; the node itself, if it is the first or cannot be compared. */
  firstLike(node: number): number {
    const { arena } = this.#simplified;
    const attributes = arena.attributes.size === 0 ? undefined : arena.attributes.get(node);
    const attributeId = attributes === undefined ? 0 : this.#attributeId(attributes);
    if (attributeId < 0) return node;
    const hash = this.#hashOf(node, attributeId);
    const table = this.#table;
    const mask = this.#mask;
    const nodeBits = this.#nodeBits;
    const entry = ((hash & ~nodeBits) | (node + 1)) >>> 0;
    for (let at = (hash ^ (hash >>> 15)) & mask; ; at = (at + 1) & mask) {
      const known = table[at]!;
      if (known === 0) {
        table[at] = entry;
        return node;
      }
      if (((known ^ entry) & ~nodeBits) !== 0) continue;
      const other = (known & nodeBits) - 1;
      if (this.#equal(node, other, attributeId)) return other;
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
    const attributes = arena.attributes.get(other);
    return (attributes === undefined ? 0 : this.#attributeId(attributes)) === attributeId;
  }

  #isCommutative(node: number): boolean {
    return this.#commutative[this.#simplified.codes[node]!]!;
  }

  /** The same number for the same attributes, from 1 on; -1 for attributes that are more than numbers. */
  #attributeId(attributes: Attributes): number {
    if (!Object.values(attributes).every(isPlain)) return -1;
    const key = JSON.stringify(attributes);
    const known = this.#attributeIds.get(key) ?? this.#attributeIds.size + 1;
    this.#attributeIds.set(key, known);
    return known;
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
