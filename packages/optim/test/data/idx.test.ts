/** IDX files: what is written by the rule of the format comes back. */
import { readIdx } from '@ad/optim';
import fc from 'fast-check';
import { expect, test } from 'vitest';

type Writer = (view: DataView, at: number, value: number) => void;
const types: readonly (readonly [
  code: number,
  bytes: number,
  value: fc.Arbitrary<number>,
  write: Writer,
  kind: string,
])[] = [
  [0x08, 1, fc.nat(255), (v, at, x) => v.setUint8(at, x), 'integer'],
  [0x09, 1, fc.integer({ min: -128, max: 127 }), (v, at, x) => v.setInt8(at, x), 'integer'],
  [0x0b, 2, fc.integer({ min: -32768, max: 32767 }), (v, at, x) => v.setInt16(at, x), 'integer'],
  [0x0c, 4, fc.integer(), (v, at, x) => v.setInt32(at, x), 'integer'],
  [0x0d, 4, fc.float({ noNaN: true }), (v, at, x) => v.setFloat32(at, x), 'real'],
  [0x0e, 8, fc.double({ noNaN: true }), (v, at, x) => v.setFloat64(at, x), 'real'],
];

function file(
  code: number,
  shape: readonly number[],
  values: readonly number[],
  bytes: number,
  write: Writer,
) {
  const result = new Uint8Array(4 + 4 * shape.length + values.length * bytes);
  const view = new DataView(result.buffer);
  result.set([0, 0, code, shape.length]);
  shape.forEach((length, k) => view.setUint32(4 + 4 * k, length));
  values.forEach((x, i) => write(view, 4 + 4 * shape.length + i * bytes, x));
  return result;
}

test.each(types)('type %i is read back', (code, bytes, value, write, kind) => {
  const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
  fc.assert(
    fc.property(
      shapes.chain((shape) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return fc.tuple(fc.constant(shape), fc.array(value, { minLength: size, maxLength: size }));
      }),
      fc.nat(7),
      ([shape, values], offset) => {
        const made = file(code, shape, values, bytes, write);
        // Where the bytes begin in their buffer does not matter.
        const moved = new Uint8Array(made.length + offset).subarray(offset);
        moved.set(made);
        const got = readIdx(moved);
        expect([got.shape, got.kind]).toEqual([shape, kind]);
        expect([...got.data]).toEqual(values);
      },
    ),
  );
});

test('every file that is cut short or too long is refused, and the bytes are named', () => {
  const whole = file(0x08, [2, 3], [1, 2, 3, 4, 5, 6], 1, (v, at, x) => v.setUint8(at, x));
  for (let length = 0; length < whole.length; length++) {
    expect(() => readIdx(whole.subarray(0, length))).toThrow(
      expect.objectContaining({ name: 'FormatError' }),
    );
  }
  expect(() => readIdx(Uint8Array.of(...whole, 0))).toThrow(
    /shape \[2, 3\] needs 18 bytes, the file has 19/,
  );
  expect(() => readIdx(whole.subarray(0, 8))).toThrow(
    /rank 2 needs 12 bytes before the elements, the file has 8/,
  );
});

test.each([
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /this is a gzip file; unpack it first/],
  ['another magic number', Uint8Array.of(1, 0, 8, 1), /begins with two bytes of 0/],
  [
    'an unknown type',
    Uint8Array.of(0, 0, 0x0a, 1),
    /the type 0xa is unknown; expected 0x08, 0x09, 0x0b/,
  ],
  [
    'a huge shape',
    Uint8Array.of(0, 0, 8, 1, 255, 255, 255, 255),
    /needs 4294967303 bytes, the file has 8/,
  ],
  ['text', 'file' as never, /got "file", expected the bytes of a file/],
])('%s is refused', (_name, bytes, message) => {
  expect(() => readIdx(bytes, 'digits')).toThrow(message);
});
