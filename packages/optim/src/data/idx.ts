/** The IDX format of the MNIST files: arrays of bytes or numbers, with their shape in front. */
import { allocate, FormatError, formatShape, type Kind, Tensor } from '@ad/graph';
import { describeValue } from '../options.ts';

/** How the elements of a type are read. */
interface ElementType {
  readonly bytes: number;
  readonly kind: Kind;
  readonly read: (view: DataView, at: number) => number;
}

/** By the third byte of the file; all numbers are big-endian. */
const TYPES: ReadonlyMap<number, ElementType> = /* @__PURE__ */ new Map([
  [0x08, { bytes: 1, kind: 'integer', read: (view, at) => view.getUint8(at) }],
  [0x09, { bytes: 1, kind: 'integer', read: (view, at) => view.getInt8(at) }],
  [0x0b, { bytes: 2, kind: 'integer', read: (view, at) => view.getInt16(at) }],
  [0x0c, { bytes: 4, kind: 'integer', read: (view, at) => view.getInt32(at) }],
  [0x0d, { bytes: 4, kind: 'real', read: (view, at) => view.getFloat32(at) }],
  [0x0e, { bytes: 8, kind: 'real', read: (view, at) => view.getFloat64(at) }],
] satisfies [number, ElementType][]);

/**
 * The array of an IDX file, such as `train-images-idx3-ubyte`: integers for the integer types, reals for the others.
 * Scale pixels before you train on them.
 *
 * @param bytes - all of the file, unpacked.
 * @param name - what messages call it.
 * @throws `FormatError` when it does not begin as an IDX file, is of an unknown type, or has more or fewer bytes than
 * its shape says.
 * Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".
 * @example
 * ```ts
 * import { readIdx } from '@ad/optim';
 *
 * const file = Uint8Array.of(0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 255);
 * readIdx(file).toArray(); // => [[7, 8, 255]]
 * readIdx(file.subarray(0, 14)); // throws /idx: shape \[1, 3\] needs 15 bytes, the file has 14/
 * ```
 */
export function readIdx(bytes: Uint8Array, name: string = 'idx'): Tensor {
  const given: unknown = bytes;
  if (!(given instanceof Uint8Array)) {
    throw new FormatError(`${name}: got ${describeValue(given)}, expected the bytes of a file`);
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new FormatError(`${name}: this is a gzip file; unpack it first`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES.get(bytes[2] ?? -1);
  const rank = bytes[3] ?? 0;
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes.length < 4) {
    throw new FormatError(
      `${name}: an IDX file begins with two bytes of 0 and two for type and rank`,
    );
  }
  if (type === undefined) {
    throw new FormatError(
      `${name}: the type 0x${bytes[2]!.toString(16)} is unknown; expected ${[...TYPES.keys()].map((key) => `0x${key.toString(16).padStart(2, '0')}`).join(', ')}`,
    );
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new FormatError(
      `${name}: rank ${rank} needs ${start} bytes before the elements, the file has ${bytes.length}`,
    );
  }
  const shape = Array.from({ length: rank }, (_, k) => view.getUint32(4 + 4 * k));
  const size = shape.reduce((product, length) => product * length, 1);
  const expected = start + size * type.bytes;
  if (bytes.length !== expected) {
    throw new FormatError(
      `${name}: shape ${formatShape(shape)} needs ${expected} bytes, the file has ${bytes.length}`,
    );
  }
  const data = allocate(type.kind, size);
  for (let i = 0; i < size; i++) data[i] = type.read(view, start + i * type.bytes);
  return new Tensor(shape, type.kind, data);
}
