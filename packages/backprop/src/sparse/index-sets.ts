/**
 * Sets of indices below `count`, each made once and known by a number: elements that depend on the same inputs share
 * one set. Set 0 is empty; set `i + 1` holds `i` alone.
 *
 * All sets lie one after the other, ascending, in one array. Unions of pairs are remembered.
 */
export class IndexSets {
  readonly #count: number;
  #pool: Int32Array;
  readonly #ends: number[];
  readonly #unions = new Map<number, number>();
  /** In which call of `unionOf` an index was met last. */
  readonly #met: Int32Array;
  #call = 0;

  constructor(count: number) {
    this.#count = count;
    this.#pool = Int32Array.from({ length: 2 * count + 16 }, (_, i) => (i < count ? i : 0));
    this.#ends = Array.from({ length: count + 1 }, (_, i) => i);
    this.#met = new Int32Array(count);
  }

  /** The indices in a set, ascending. A view of memory that moves: to be read before the next union. */
  members(set: number): Int32Array {
    return this.#pool.subarray(this.#start(set), this.#ends[set]);
  }

  /** How many indices are in a set. */
  sizeOf(set: number): number {
    return this.#ends[set]! - this.#start(set);
  }

  /** The union of two sets. */
  union(a: number, b: number): number {
    if (a === b || b === 0) return a;
    if (a === 0) return b;
    // Numbers of sets stay far below 2^26, so this is exact and different for each pair.
    const key = Math.min(a, b) * 2 ** 26 + Math.max(a, b);
    let set = this.#unions.get(key);
    if (set === undefined) {
      set = this.#merge(a, b);
      this.#unions.set(key, set);
    }
    return set;
  }

  /** The union of many sets, in time proportional to their sizes and sorting. */
  unionOf(sets: Iterable<number>): number {
    const different = [...new Set(sets)].filter((set) => set !== 0);
    if (different.length <= 2) return this.union(different[0] ?? 0, different[1] ?? 0);
    const call = ++this.#call;
    const found: number[] = [];
    for (const set of different) {
      for (let i = this.#start(set); i < this.#ends[set]!; i++) {
        const index = this.#pool[i]!;
        if (this.#met[index] === call) continue;
        this.#met[index] = call;
        found.push(index);
      }
    }
    const largest = different.find((set) => this.sizeOf(set) === found.length);
    if (largest !== undefined) return largest;
    return this.#add(Int32Array.from(found).sort(), found.length);
  }

  #start(set: number): number {
    return set === 0 ? 0 : this.#ends[set - 1]!;
  }

  #merge(a: number, b: number): number {
    const [first, second] = [this.members(a), this.members(b)];
    const merged = new Int32Array(Math.min(first.length + second.length, this.#count));
    let [i, j, length] = [0, 0, 0];
    while (i < first.length || j < second.length) {
      const [x, y] = [first[i] ?? Infinity, second[j] ?? Infinity];
      merged[length++] = Math.min(x, y);
      if (x <= y) i++;
      if (y <= x) j++;
    }
    if (length === first.length) return a;
    return length === second.length ? b : this.#add(merged, length);
  }

  #add(members: Int32Array, length: number): number {
    const start = this.#ends.at(-1)!;
    if (start + length > this.#pool.length) {
      const larger = new Int32Array(2 * (start + length));
      larger.set(this.#pool);
      this.#pool = larger;
    }
    this.#pool.set(members.subarray(0, length), start);
    return this.#ends.push(start + length) - 1;
  }
}
