/**
 * A tape of local derivatives in typed arrays, written by hand: every operation stores its operands and its partial
 * derivatives while it is computed, and the reverse sweep is one loop of multiplications and additions.
 */

/** Records operations; numbers are positions on the tape. */
export class Tape {
  readonly values: Float64Array;
  readonly #operands: Int32Array;
  readonly #partials: Float64Array;
  readonly #adjoints: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
    this.#operands = new Int32Array(2 * capacity);
    this.#partials = new Float64Array(2 * capacity);
    this.#adjoints = new Float64Array(capacity);
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0;
  }

  /** A leaf. */
  leaf(value: number): number {
    return this.push(value, 0, 0, 0, 0);
  }

  /** An operation with its partial derivatives. */
  push(value: number, x: number, dx: number, y: number, dy: number): number {
    const i = this.#length++;
    this.values[i] = value;
    this.#operands[2 * i] = x;
    this.#operands[2 * i + 1] = y;
    this.#partials[2 * i] = dx;
    this.#partials[2 * i + 1] = dy;
    return i;
  }

  /** The derivatives of entry `output` with respect to all entries. */
  sweep(output: number): Float64Array {
    const adjoints = this.#adjoints;
    const operands = this.#operands;
    const partials = this.#partials;
    adjoints.fill(0, 0, this.#length);
    adjoints[output] = 1;
    for (let i = output; i >= 0; i--) {
      const sum = adjoints[i]!;
      adjoints[operands[2 * i]!]! += sum * partials[2 * i]!;
      adjoints[operands[2 * i + 1]!]! += sum * partials[2 * i + 1]!;
    }
    return adjoints;
  }
}
