/**
 * The format of saved programs, version 3: the four characters `ADPG`, the version and the length of the header as
 * 32-bit integers, the header as JSON, the module, then the parts of the memory that must hold something, as the
 * header lists them. All integers are little-endian, as WebAssembly's memory is. What is read is checked before any of
 * it is used.
 */
import { FormatError, type Kind, type ProgramPlan, sizeOf } from '@ad/graph';
import type { Precision } from './code/expression.ts';
import { sizeOfReal } from './sizes.ts';
import { PLATFORM } from './platform.ts';
import { PAGE } from './webassembly.ts';

const MAGIC = 'ADPG';
const VERSION = 3;
/** Characters of the magic word, version, length of the header. */
const PREFIX = 12;

/** An array in the memory: its type and address. */
export interface SavedPort {
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly at: number;
}

/** An input. */
export interface SavedInput extends SavedPort {
  readonly name: string;
  /** Whether its value is saved. */
  readonly set: boolean;
}

/** Work that is left to the interpreter's kernels. */
export interface SavedCall {
  readonly operation: string;
  /** Whether it is called for operands only that it refuses. */
  readonly refuses: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly operands: readonly SavedPort[];
  readonly result: SavedPort;
}

/** The header of a saved program. */
export interface Header {
  readonly precision: Precision;
  readonly pages: number;
  readonly plan: ProgramPlan;
  readonly report: string;
  readonly imports: readonly string[];
  readonly calls: readonly SavedCall[];
  readonly inputs: readonly SavedInput[];
  readonly outputs: readonly SavedPort[];
  /** Parts of the memory beside the inputs: address and bytes. */
  readonly kept: readonly (readonly [at: number, bytes: number])[];
  /** Bytes of the module. */
  readonly code: number;
}

/** The beginning of a saved program, up to its module. */
export function writeHeader(header: Header): Uint8Array {
  const text = encode(JSON.stringify(header));
  const bytes = new Uint8Array(PREFIX + text.length);
  for (let k = 0; k < MAGIC.length; k++) bytes[k] = MAGIC.charCodeAt(k);
  const numbersOf = new DataView(bytes.buffer);
  numbersOf.setUint32(4, VERSION, true);
  numbersOf.setUint32(8, text.length, true);
  bytes.set(text, PREFIX);
  return bytes;
}

/**
 * The header of a saved program, and where its module starts.
 *
 * @throws FormatError when these are not the bytes of a saved program of this version, or not all of them.
 */
export function readHeader(bytes: Uint8Array): { readonly header: Header; readonly start: number } {
  if (!(bytes instanceof Uint8Array))
    throw new FormatError(`loadProgram: expected a Uint8Array, got ${typeof bytes}`);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) {
    throw new FormatError(
      `loadProgram: these bytes are no saved program: they start with ${JSON.stringify(magic)}, not ${JSON.stringify(MAGIC)}`,
    );
  }
  if (bytes.length < PREFIX) throw wrongLength(bytes.length, PREFIX);
  const numbersOf = new DataView(bytes.buffer, bytes.byteOffset);
  const version = numbersOf.getUint32(4, true);
  const start = PREFIX + numbersOf.getUint32(8, true);
  if (version !== VERSION) {
    throw new FormatError(
      `loadProgram: the program was saved in version ${version} of the format, this is version ${VERSION}: save it again`,
    );
  }
  if (bytes.length < start) throw wrongLength(bytes.length, start);
  let header: unknown;
  try {
    header = JSON.parse(decode(bytes.subarray(PREFIX, start)));
  } catch (error) {
    throw new FormatError(`loadProgram: the header is damaged: ${String(error)}`);
  }
  checkHeader(header as Header);
  const { code, kept, inputs, precision } = header as Header;
  let end = start + code;
  for (const [, length] of kept) end += length;
  for (const input of inputs) if (input.set) end += bytesOf(input, precision);
  if (bytes.length !== end) throw wrongLength(bytes.length, end);
  return { header: header as Header, start };
}

/** Checks everything that is used of a header, so that no part of it is trusted. */
function checkHeader(header: Header): void {
  const need = (condition: boolean, what: string): void => {
    if (!condition) throw new FormatError(`loadProgram: the header is damaged: ${what}`);
  };
  const isCount = (value: unknown, most: number): boolean =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
  need(typeof header === 'object' && header !== null, 'it is no object');
  const { precision, pages, plan, imports, calls, inputs, outputs, kept } = header;
  need(precision === 'f64' || precision === 'f32', 'precision');
  need(isCount(pages, 2 ** 16), 'pages');
  need(typeof header.report === 'string', 'report');
  need(isCount(header.code, 2 ** 32), 'code');
  need(typeof plan === 'object' && plan !== null, 'plan');
  for (const each of [plan.bytes, plan.kernels, plan.flops])
    need(isCount(each, Number.MAX_SAFE_INTEGER), 'plan');
  const lists: readonly unknown[] = [imports, calls, inputs, outputs, kept];
  need(lists.every(Array.isArray), 'imports, calls, inputs, outputs or kept');
  for (const name of imports) {
    const known = typeof name === 'string' && Object.hasOwn(PLATFORM, name);
    need(known, 'imports');
  }
  const checkPlace = (at: unknown, length: number, size: number, what: string): void => {
    const most = pages * PAGE - length;
    need(isCount(at, most) && (at as number) % size === 0 && length % size === 0, what);
  };
  const checkPort = (port: SavedPort, what: string): void => {
    need(typeof port === 'object' && port !== null, what);
    need(['real', 'integer', 'boolean'].includes(port.kind), what);
    need(Array.isArray(port.shape) && port.shape.every((d) => isCount(d, 2 ** 32)), what);
    checkPlace(port.at, bytesOf(port, precision), elementSize(port.kind, precision), what);
  };
  const names = new Set<string>();
  for (const input of inputs) {
    checkPort(input, 'inputs');
    const { name } = input;
    need(typeof name === 'string' && name !== '__proto__' && !names.has(name), 'inputs');
    need(typeof input.set === 'boolean', 'inputs');
    names.add(name);
  }
  for (const output of outputs) checkPort(output, 'outputs');
  for (const call of calls) {
    need(typeof call === 'object' && call !== null, 'calls');
    const { operation, refuses, attributes, operands, result } = call;
    need(typeof refuses === 'boolean', 'calls');
    need(typeof operation === 'string' && Array.isArray(operands), 'calls');
    need(typeof attributes === 'object' && attributes !== null, 'calls');
    for (const port of [...operands, result]) checkPort(port, 'calls');
  }
  for (const part of kept) {
    need(Array.isArray(part) && isCount(part[1], pages * PAGE), 'kept');
    checkPlace(part[0], part[1], 4, 'kept');
  }
}

function elementSize(kind: Kind, precision: Precision): number {
  return kind === 'integer' ? 4 : sizeOfReal(precision);
}

function bytesOf({ kind, shape }: SavedPort, precision: Precision): number {
  return sizeOf(shape) * elementSize(kind, precision);
}

function wrongLength(got: number, expected: number): FormatError {
  return new FormatError(
    got < expected
      ? `loadProgram: the program is truncated: ${got} bytes of ${expected}`
      : `loadProgram: the program is followed by something else: ${got} bytes, expected ${expected}`,
  );
}

/** UTF-8, by the only encoder that ES2022 has. */
function encode(text: string): Uint8Array {
  const characters = encodeURIComponent(text).match(/%..|[^%]/g) ?? [];
  return Uint8Array.from(characters, (each) =>
    each.length === 1 ? each.charCodeAt(0) : Number.parseInt(each.slice(1), 16),
  );
}

function decode(bytes: Uint8Array): string {
  const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`);
  return decodeURIComponent(escaped.join(''));
}
