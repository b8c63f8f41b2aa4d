/**
 * Common subexpressions: of nodes with the same operation, attributes and operands, the first stands for all. Nodes are
 * found in a table with open addressing, first at the place of their largest operand: few nodes share that, and as most
 * nodes read what has just been computed, it lies in the caches. Those that find no room there are anywhere.
 */
import type { Attributes } from '@ad/graph';
import type { Simplified } from './simplified.ts';

/** Places that are looked at beside that of the largest operand. */
const NEAR = 8;

/** The nodes seen so far, to be found by what they compute. */
export class SeenNodes {
  readonly #simplified: Simplified;
  /**
   * The node plus one, and above it as many bits of its hash as there is room for, so that hardly any other node has to be
   * looked at; 0 for a free place. There are at least two places for each node.
   */
  readonly #table: Int32Array;
  /** The bits that nodes take. */
  readonly #nodeBits: number;
  /** The attributes of nodes, if any node has some. */
  readonly #attributes: ReadonlyMap<number, Attributes> | undefined;
  readonly #attributeIds = new Map<string, number>();
  readonly #idOfAttributes = new Map<Attributes, number>();
  readonly #commutative: readonly boolean[];

  /** None of the nodes has been seen yet. */
  constructor(simplified: Simplified) {
    this.#simplified = simplified;
    const { attributes } = simplified.arena;
    this.#attributes = attributes.size > 0 ? attributes : undefined;
    this.#commutative = simplified.rows.map((row) => row.commutes === true);
    const bits = 32 - Math.clz32(simplified.codes.length);
    this.#nodeBits = 2 ** bits - 1;
    this.#table = new Int32Array(2 ** (bits + 1));
  }

  /** The first node that computes the same as this one; the node itself, if it is the first or cannot be compared. */
  firstLike(node: number): number {
    const attributeId = this.#attributeIdOf(node);
    if (attributeId < 0) return node;
    const { codes, operandStarts, operandEnds, operandIds } = this.#simplified;
    const start = operandStarts[node]!;
    const end = operandEnds[node]!;
    // Operands that change places change nothing in the hash: to ask whether they may takes longer than to look.
    const x = end === start ? 0 : operandIds[start]!;
    const y = end === start ? 0 : operandIds[end - 1]!;
    // The larger one, without a branch that nobody can foresee.
    const largest = x - ((x - y) & ((x - y) >> 31));
    let hash = mixed(codes[node]! + Math.imul(attributeId, 0x85ebca6b), largest);
    hash = mixed(hash, x + y - largest);
    for (let e = start + 1; e < end - 1; e++) hash = mixed(hash, operandIds[e]!);
    const table = this.#table;
    const mask = table.length - 1;
    const tagBits = ~this.#nodeBits;
    const entry = (hash & tagBits) | (node + 1);
    let at = (2 * largest) & mask;
    for (let looks = 1; ; looks++) {
      const known = table[at]!;
      if (known === 0) {
        table[at] = entry;
        return node;
      }
      if (((known ^ entry) & tagBits) === 0) {
        const other = (known & ~tagBits) - 1;
        if (this.#equal(node, other, attributeId)) return other;
      }
      at = (looks === NEAR ? hash ^ (hash >>> 15) : at + 1) & mask;
    }
  }

  #equal(node: number, other: number, attributeId: number): boolean {
    const { arena, codes, operandStarts, operandEnds, operandIds } = this.#simplified;
    const code = codes[node]!;
    if (code !== codes[other] || arena.typeIds[node] !== arena.typeIds[other]) return false;
    const start = operandStarts[node]!;
    const first = operandStarts[other]!;
    const count = operandEnds[node]! - start;
    if (operandEnds[other]! - first !== count) return false;
    let same = 0;
    while (same < count && operandIds[start + same] === operandIds[first + same]) same++;
    const crossed =
      count === 2 &&
      this.#commutative[code] === true &&
      operandIds[start] === operandIds[first + 1] &&
      operandIds[start + 1] === operandIds[first];
    if (same < count && !crossed) return false;
    return this.#attributeIdOf(other) === attributeId;
  }

  /** The same number for the same attributes, from 1 on; 0 for none; -1 for attributes that are more than numbers. */
  #attributeIdOf(node: number): number {
    const own = this.#attributes?.get(node);
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
