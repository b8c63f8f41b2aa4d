/** What has been made and may be wanted again: so many of the most recent, so that nothing grows without end. */

/** A map that makes what it does not have, and forgets what has not been asked for for longest. */
export class Recent<Key, Value> {
  readonly #limit: number;
  readonly #forgotten: (value: Value) => void;
  readonly #values = new Map<Key, Value>();

  /**
   * An empty one.
   *
   * @param limit - how many values are kept, 1 or more.
   * @param forgotten - told of each value that is not kept any more.
   */
  constructor(limit: number, forgotten: (value: Value) => void = () => {}) {
    this.#limit = limit;
    this.#forgotten = forgotten;
  }

  /** The value of a key, made if there is none. */
  get(key: Key, make: () => Value): Value {
    const known = this.#values.get(key);
    // A map lists its keys in the order in which they were set.
    this.#values.delete(key);
    const value = known ?? make();
    if (this.#values.size >= this.#limit) {
      const [oldest, old] = this.#values.entries().next().value!;
      this.#values.delete(oldest);
      this.#forgotten(old);
    }
    this.#values.set(key, value);
    return value;
  }
}
