/**
 * Named tensors as bytes, in the safetensors format: the length of the header as a 64-bit integer, the header as JSON
 * (for each tensor its type, shape and place), then the data, all little-endian. Every byte of the data belongs to
 * exactly one tensor. A file is checked before anything of it is used: nothing in it is trusted.
 *
 * Source: https://github.com/huggingface/safetensors, section "Format".
 */
import { allocate, FormatError, formatShape, Tensor, type TensorData, ValueError } from '@ad/graph';
import { describeValue } from '../options.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Named tensors, and texts that say what they are. */
export interface TensorFile {
  /** The tensors by name. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of the length in front of the header. */
const PREFIX = 8;
/** A larger header is refused, as by the reference implementation. */
const MAX_HEADER = 100_000_000;
const METADATA = '__metadata__';

/** Bytes of an element. */
const SIZES: Readonly<Record<string, number>> = { F64: 8, F32: 4, I32: 4, BOOL: 1 };

function dtypeOf({ kind, data }: Tensor): string {
  if (kind === 'integer') return 'I32';
  if (kind === 'boolean') return 'BOOL';
  return data instanceof Float32Array ? 'F32' : 'F64';
}

function storageFor(dtype: string, size: number): TensorData {
  if (dtype === 'F32') return new Float32Array(size);
  return allocate(dtype === 'F64' ? 'real' : dtype === 'I32' ? 'integer' : 'boolean', size);
}

/**
 * Tensors as the bytes of a safetensors file. Reals are written as `F64` or `F32`, as they are stored; integers as
 * `I32`, booleans as `BOOL`.
 *
 * @param metadata - texts to keep with them.
 * @throws `ValueError` when a tensor is called `__metadata__`.
 * @example
 * ```ts
 * import { tensor } from '@ad/graph';
 * import { parseTensors, serializeTensors } from '@ad/optim';
 *
 * const bytes = serializeTensors({ w: tensor([1, 2]) }, { made: 'by hand' });
 * const { tensors, metadata } = parseTensors(bytes);
 * tensors.w.toArray(); // => [1, 2]
 * metadata; // => { made: 'by hand' }
 * ```
 */
export function serializeTensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  if (Object.hasOwn(tensors, METADATA)) {
    throw new ValueError(`serializeTensors: a tensor cannot be called ${METADATA}`);
  }
  // Large elements first, so that each tensor begins at a multiple of its own size.
  const entries = Object.entries(tensors)
    .map(([name, tensor]) => ({ name, tensor, dtype: dtypeOf(tensor) }))
    .sort((a, b) => SIZES[b.dtype]! - SIZES[a.dtype]!);
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (Object.keys(metadata).length > 0) header[METADATA] = metadata;
  let end = 0;
  for (const { name, tensor, dtype } of entries) {
    const start = end;
    end += tensor.size * SIZES[dtype]!;
    header[name] = { dtype, shape: tensor.shape, data_offsets: [start, end] };
  }
  const text = encodeUtf8(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, PREFIX, PREFIX + length);
  bytes.set(text, PREFIX);
  let at = PREFIX + length;
  for (const { tensor } of entries) {
    const { buffer, byteOffset, byteLength } = tensor.data;
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/**
 * The tensors of a safetensors file, in storage of their own.
 *
 * @param name - what messages call the file; default `safetensors`.
 * @throws `FormatError` saying what is wrong: fewer bytes than the header or the data need, a header that is too large,
 * not UTF-8 or not JSON, a type that is not one of F64, F32, I32, BOOL, a shape that is none or does not fit the
 * place, places that overlap, leave gaps, or lie outside the data.
 */
export function parseTensors(bytes: Uint8Array, name: string = 'safetensors'): TensorFile {
  const fail = (message: string): FormatError => new FormatError(`${name}: ${message}`);
  const given: unknown = bytes;
  if (!(given instanceof Uint8Array)) {
    throw fail(`got ${describeValue(given)}, expected the bytes of a file`);
  }
  const { header, start } = readHeader(bytes, fail);
  const available = bytes.length - start;
  const tensors: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
  let metadata: Readonly<Record<string, string>> = {};
  const places: { readonly name: string; readonly begin: number; readonly end: number }[] = [];
  for (const [key, record] of Object.entries(header)) {
    if (key === METADATA) {
      metadata = checkMetadata(record, fail);
      continue;
    }
    const { dtype, shape, begin, end } = checkRecord(key, record, available, fail);
    places.push({ name: key, begin, end });
    const data = storageFor(dtype, (end - begin) / SIZES[dtype]!);
    new Uint8Array(data.buffer).set(bytes.subarray(start + begin, start + end));
    if (dtype === 'BOOL' && data.some((x) => x > 1)) {
      throw fail(`tensor ${JSON.stringify(key)} is BOOL, but has bytes other than 0 and 1`);
    }
    const kind = dtype === 'I32' ? 'integer' : dtype === 'BOOL' ? 'boolean' : 'real';
    tensors[key] = new Tensor(shape, kind, data);
  }
  checkPlaces(places, available, fail);
  return { tensors, metadata };
}

type Fail = (message: string) => FormatError;

function readHeader(bytes: Uint8Array, fail: Fail): { header: object; start: number } {
  if (bytes.length < PREFIX) {
    throw fail(
      `truncated: ${bytes.length} bytes, but the length of the header alone takes ${PREFIX}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw fail(
      `the header would be ${length} bytes long, more than ${MAX_HEADER}: this is no safetensors file, or a damaged one`,
    );
  }
  const start = PREFIX + Number(length);
  if (bytes.length < start) {
    throw fail(`truncated: ${bytes.length} bytes, but the header ends at ${start}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(decodeUtf8(bytes.subarray(PREFIX, start)));
  } catch (error) {
    throw fail(`the header is not JSON: ${(error as Error).message}`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw fail(`the header is ${describeValue(header)}, expected an object`);
  }
  return { header, start };
}

function checkMetadata(record: unknown, fail: Fail): Readonly<Record<string, string>> {
  const isTexts =
    typeof record === 'object' &&
    record !== null &&
    Object.values(record).every((text) => typeof text === 'string');
  if (!isTexts) throw fail(`${METADATA} is not an object of texts`);
  return record as Readonly<Record<string, string>>;
}

interface CheckedRecord {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function checkRecord(key: string, record: unknown, available: number, fail: Fail): CheckedRecord {
  const what = `tensor ${JSON.stringify(key)}`;
  const { dtype, shape, data_offsets: place } = Object(record) as Readonly<Record<string, unknown>>;
  if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype)) {
    throw fail(
      `${what} has the type ${describeValue(dtype)}; those that are read are ${Object.keys(SIZES).join(', ')}`,
    );
  }
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw fail(`${what} has the shape ${JSON.stringify(shape)}, expected a list of lengths`);
  }
  if (!Array.isArray(place) || place.length !== 2 || !place.every(isCount)) {
    throw fail(`${what} has data_offsets ${JSON.stringify(place)}, expected two positions`);
  }
  const [begin, end] = place as [number, number];
  if (begin > end || end > available) {
    throw fail(
      `${what} has the bytes from ${begin} to ${end}, but the data has ${available}: truncated, or damaged`,
    );
  }
  const size = shape.reduce((product, length) => product * length, 1) * SIZES[dtype]!;
  if (size !== end - begin) {
    throw fail(
      `${what} of type ${dtype} and shape ${formatShape(shape)} needs ${size} bytes, but has ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

/** Every byte belongs to one tensor. */
function checkPlaces(
  places: { readonly name: string; readonly begin: number; readonly end: number }[],
  available: number,
  fail: Fail,
): void {
  let end = 0;
  let last = 'the beginning';
  for (const place of places.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const name = `tensor ${JSON.stringify(place.name)}`;
    if (place.begin < end) throw fail(`the bytes of ${name} and of ${last} overlap`);
    if (place.begin > end) {
      throw fail(`the bytes from ${end} to ${place.begin}, before ${name}, belong to nothing`);
    }
    ({ end } = place);
    last = name;
  }
  if (end < available) {
    throw fail(`the bytes from ${end} to ${available}, at the end, belong to nothing`);
  }
}
