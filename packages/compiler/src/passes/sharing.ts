/**
 * Common subexpressions: of nodes with the same operation, attributes and operands, the first stands for all. One
 * table with open addressing in typed arrays, since graphs may have millions of nodes.
 */
import { type Attributes, operations } from '@ad/graph';
import type { Simplified } from './simplified.ts';

/** Operations that do not mind the order of two operands. */
const COMMUTATIVE: ReadonlySet<unknown> = new Set(
  (
    ['add', 'mul', 'strongMul', 'minimum', 'maximum', 'equal', 'notEqual', 'and', 'or'] as const
  ).map((name) => operations[name]),
);

/** The nodes seen so far, to be found by what they compute. */
export class SeenNodes {
  readonly #simplified: Simplified;
  /** Nodes plus one, at the places that their hashes say or behind them; 0 is free. */
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #attributeIds = new Map<string, number>();
  readonly #commutative: boolean[] = [];

  /** Room for so many nodes. */
  constructor(simplified: Simplified, count: number) {
    this.#simplified = simplified;
    const size = 2 ** Math.ceil(Math.log2(2 * count + 2));
    this.#table = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** The first node that computes the same as this one; the node itself, if it is the first or cannot be compared. */
  firstLike(node: number): number {
    const simplified = this.#simplified;
    const { arena } = simplified;
    const attributes = arena.attributes.get(node);
    const attributeId = attributes === undefined ? 0 : this.#attributeId(attributes);
    if (attributeId < 0) return node;
    const count = simplified.operandCount(node);
    const swap = count === 2 && this.#isCommutative(node) ? this.#swapped(node) : 0;
    let hash = Math.imul(arena.codes[node]! + 1, 0x9e3779b1) ^ Math.imul(attributeId, 0x85ebca6b);
    hash ^= arena.typeIds[node]!;
    for (let k = 0; k < count; k++)
      hash = Math.imul(hash ^ simplified.operand(node, k ^ swap), 0xc2b2ae35) ^ (hash >>> 15);
    for (let at = (hash ^ (hash >>> 13)) & this.#mask; ; at = (at + 1) & this.#mask) {
      const other = this.#table[at]! - 1;
      if (other < 0) {
        this.#table[at] = node + 1;
        return node;
      }
      if (this.#equal(node, other, count, swap, attributeId)) return other;
    }
  }

  #equal(node: number, other: number, count: number, swap: number, attributeId: number): boolean {
    const simplified = this.#simplified;
    const { arena } = simplified;
    if (arena.codes[node] !== arena.codes[other]) return false;
    if (arena.typeIds[node] !== arena.typeIds[other]) return false;
    if (simplified.operandCount(other) !== count) return false;
    const otherSwap = count === 2 && this.#isCommutative(other) ? this.#swapped(other) : 0;
    for (let k = 0; k < count; k++)
      if (simplified.operand(node, k ^ swap) !== simplified.operand(other, k ^ otherSwap))
        return false;
    const attributes = arena.attributes.get(other);
    return (attributes === undefined ? 0 : this.#attributeId(attributes)) === attributeId;
  }

  /** 1 if the operands are to be taken the other way round, so that there is one order of them. */
  #swapped(node: number): number {
    return this.#simplified.operand(node, 0) > this.#simplified.operand(node, 1) ? 1 : 0;
  }

  #isCommutative(node: number): boolean {
    const code = this.#simplified.arena.codes[node]!;
    return (this.#commutative[code] ??= COMMUTATIVE.has(this.#simplified.arena.rows[code]));
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
