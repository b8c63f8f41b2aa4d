/** A growing list of bytes with WebAssembly's encodings of numbers and names. */

/** The bytes of an unsigned integer as LEB128. */
export function lengthOfU32(value: number): number {
  let length = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) length++;
  return length;
}

/** The bytes of a signed integer of 32 bits as LEB128. */
export function lengthOfI32(value: number): number {
  const rest = value | 0;
  // One bit more than the digits, for the sign.
  return lengthOfU32(2 * (rest < 0 ? -1 - rest : rest));
}

/** Bytes being written; capacity doubles as needed. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #numbers = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** What has been written, as a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for so many more bytes at once. */
  reserve(count: number): void {
    this.#reserve(count);
  }

  /** One byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A byte and an unsigned integer as LEB128: an instruction on a local. Written at once, as most of a program is. */
  byteAndU32(value: number, rest: number): void {
    const at = this.#length;
    if (rest < 0x80 && at + 2 <= this.#bytes.length) {
      this.#bytes[at] = value;
      this.#bytes[at + 1] = rest;
      this.#length = at + 2;
    } else {
      this.byte(value);
      this.u32(rest);
    }
  }

  /** Several bytes. */
  raw(values: ArrayLike<number>): void {
    const { length } = values;
    this.#reserve(length);
    // Most pieces are an instruction: for so few bytes a loop is faster than `set`.
    if (length > 16) this.#bytes.set(values, this.#length);
    else for (let k = 0; k < length; k++) this.#bytes[this.#length + k] = values[k]!;
    this.#length += length;
  }

  /** An opcode: one byte, or a prefix and the number behind it. */
  opcode(value: number): void {
    if (value < 0x100) {
      this.byte(value);
    } else {
      this.byte(value >> 12);
      this.u32(value & 0xfff);
    }
  }

  /** An unsigned integer as LEB128. */
  u32(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A signed integer of 32 bits as LEB128. */
  i32(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      this.byte(done ? low : low | 0x80);
      if (done) return;
    }
  }

  /** A signed integer of 64 bits as LEB128. */
  i64(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
      this.byte(done ? low : low | 0x80);
      if (done) return;
    }
  }

  /** A number of 32 bits, little-endian IEEE 754. */
  f32(value: number): void {
    this.#reserve(4);
    this.#numbers.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  /** A number of 64 bits, little-endian IEEE 754. */
  f64(value: number): void {
    this.#reserve(8);
    this.#numbers.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes an unsigned integer over five bytes at `at`, as LEB128 of that length. */
  patch(at: number, value: number): void {
    for (let k = 0; k < 5; k++) {
      const more = k < 4 ? 0x80 : 0;
      this.#bytes[at + k] = (Math.floor(value / 128 ** k) & 0x7f) | more;
    }
  }

  /** A name: its length and its characters, which are ASCII here. */
  name(text: string): void {
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#numbers = new DataView(larger.buffer);
  }
}
