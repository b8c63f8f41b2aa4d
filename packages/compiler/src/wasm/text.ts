/** Modules in the text format: a printer of what {@link ModuleBuilder} writes, from the bytes alone. */
import { TYPE_BYTES, type ValueType } from './function-builder.ts';
import { instructionNames } from './instructions.ts';

/** Reads bytes one after the other. */
class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  raw(count: number): Uint8Array {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u32(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** A signed integer of up to 64 bits. */
  signed(): bigint {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }

  name(): string {
    return String.fromCharCode(...this.raw(this.u32()));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }
}

const typeNames = new Map(
  Object.entries(TYPE_BYTES).map(([name, byte]) => [byte, name as ValueType]),
);

/** Instructions of control, locals and calls, with the number of immediates that are unsigned integers. */
const SPECIAL: Readonly<Record<number, readonly [name: string, immediates: number]>> = {
  0x0c: ['br', 1],
  0x0d: ['br_if', 1],
  0x10: ['call', 1],
  0x20: ['local.get', 1],
  0x21: ['local.set', 1],
  0x22: ['local.tee', 1],
};

/** Instructions that open a block. */
const OPENING: Readonly<Record<number, string>> = { 0x02: 'block', 0x03: 'loop', 0x04: 'if' };

const END = 0x0b;
const ELSE = 0x05;

/** A module as text. */
export function moduleText(bytes: Uint8Array): string {
  const reader = new ByteReader(bytes);
  reader.raw(8); // magic number and version
  const lines: string[] = [];
  let types: string[] = [];
  let functionTypes: number[] = [];
  let exported: string[] = [];
  let imports = 0;
  while (!reader.done) {
    const id = reader.byte();
    const section = new ByteReader(reader.raw(reader.u32()));
    if (id === 1) {
      types = section.list(() => readType(section));
      types.forEach((type) => lines.push(`(type (func${type}))`));
    } else if (id === 2) {
      section.list(() => {
        const [module, name] = [section.name(), section.name()];
        const isFunction = section.byte() === 0;
        const what = isFunction ? `(func (type ${section.u32()}))` : readMemory(section);
        if (isFunction) imports++;
        lines.push(`(import "${module}" "${name}" ${what})`);
      });
    } else if (id === 3) {
      functionTypes = section.list(() => section.u32());
    } else if (id === 7) {
      exported = section.list(() => {
        const name = section.name();
        section.byte();
        return `(export "${name}" (func ${section.u32()}))`;
      });
    } else if (id === 10) {
      let index = 0;
      section.list(() => {
        const body = new ByteReader(section.raw(section.u32()));
        const type = functionTypes[index]!;
        lines.push(`(func (;${imports + index};) (type ${type})${types[type]!}`);
        lines.push(...bodyLines(body), ')');
        index++;
      });
    }
  }
  const indented = [...lines, ...exported].map((line) => `  ${line}`);
  return ['(module', ...indented, ')'].join('\n');
}

/** Parameters and results. */
function readType(reader: ByteReader): string {
  reader.byte();
  const [parameters, results] = ['param', 'result'].map((word) => {
    const list = reader.list(() => typeNames.get(reader.byte())!);
    return list.length === 0 ? '' : ` (${word} ${list.join(' ')})`;
  });
  return `${parameters}${results}`;
}

function readMemory(reader: ByteReader): string {
  const hasMost = reader.byte() === 1;
  const least = reader.u32();
  return `(memory ${least}${hasMost ? ` ${reader.u32()}` : ''})`;
}

/** The locals and instructions of a function, a line for each. */
function bodyLines(reader: ByteReader): string[] {
  const locals = reader.list(() => {
    const count = reader.u32();
    return ` ${typeNames.get(reader.byte())!}`.repeat(count);
  });
  const lines = locals.length === 0 ? [] : [`  (local${locals.join('')})`];
  const names = instructionNames();
  let depth = 1;
  while (!reader.done) {
    const opcode = reader.byte();
    if (opcode === END || opcode === ELSE) depth--;
    if (opcode === END && depth === 0) break;
    const indent = '  '.repeat(depth);
    const opening = OPENING[opcode];
    if (opening !== undefined) {
      reader.byte(); // blocks have no results
      lines.push(`${indent}${opening}`);
      depth++;
      continue;
    }
    lines.push(`${indent}${instructionText(reader, opcode, names)}`);
    if (opcode === ELSE) depth++;
  }
  return lines;
}

function instructionText(
  reader: ByteReader,
  opcode: number,
  names: ReturnType<typeof instructionNames>,
): string {
  const special = SPECIAL[opcode];
  if (special !== undefined) return `${special[0]} ${reader.u32()}`;
  switch (opcode) {
    case 0x0e:
      return `br_table ${[...reader.list(() => reader.u32()), reader.u32()].join(' ')}`;
    case 0x41:
      return `i32.const ${reader.signed()}`;
    case 0x42:
      return `i64.const ${reader.signed()}`;
    case 0x43:
      return `f32.const ${numberText(reader.raw(4))}`;
    case 0x44:
      return `f64.const ${numberText(reader.raw(8))}`;
    case 0xfc:
      // Only copies of memory stand behind this prefix.
      reader.raw(3);
      return 'memory.copy';
  }
  const code = opcode === 0xfd ? 0xfd_000 + reader.u32() : opcode;
  if (code === 0xfd_00c) return `v128.const i32x4 ${wordsText(reader.raw(16))}`;
  if (code === 0xfd_00d) return `i8x16.shuffle ${reader.raw(16).join(' ')}`;
  const [name, immediates] = names.get(code)!;
  if (immediates === 'none') return name;
  if (immediates === 'lane') return `${name} ${reader.byte()}`;
  reader.u32(); // the alignment is the natural one
  const offset = reader.u32();
  const at = offset === 0 ? '' : ` offset=${offset}`;
  return immediates === 'memory' ? `${name}${at}` : `${name}${at} ${reader.byte()}`;
}

/** A floating-point number so that it can be read back exactly. */
function numberText(bytes: Uint8Array): string {
  const data = new DataView(bytes.slice().buffer);
  const value = bytes.length === 4 ? data.getFloat32(0, true) : data.getFloat64(0, true);
  if (Number.isNaN(value)) return 'nan';
  if (Math.abs(value) === Infinity) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function wordsText(bytes: Uint8Array): string {
  const data = new DataView(bytes.slice().buffer);
  return [0, 4, 8, 12].map((at) => `0x${data.getUint32(at, true).toString(16)}`).join(' ');
}
