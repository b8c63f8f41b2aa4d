/** Safetensors: what is written comes back, also by the rule of the format; what is wrong is named. */
import { Tensor, tensor } from '@ad/graph';
import { parseTensors, serializeTensors } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const listOf = <T>(value: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  fc.array(value, { minLength: length, maxLength: length });

const tensors = shapes.chain((shape): fc.Arbitrary<Tensor> => {
  const size = sizeOf(shape);
  return fc.oneof(
    listOf(fc.double(), size).map((x) => new Tensor(shape, 'real', Float64Array.from(x))),
    listOf(fc.float(), size).map((x) => new Tensor(shape, 'real', Float32Array.from(x))),
    listOf(fc.integer(), size).map((x) => new Tensor(shape, 'integer', Int32Array.from(x))),
    listOf(fc.nat(1), size).map((x) => new Tensor(shape, 'boolean', Uint8Array.from(x))),
  );
});
const names = fc
  .string({ unit: fc.constantFrom('a', 'Z', '.', '[', '"', '\\', 'é', '語', '🙂', '\ud800', '\n') })
  .filter((name) => name !== '__metadata__');

/** A file from a header and data, as the format says. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

test('tensors of every type, shape and name come back bit for bit, wherever the bytes begin', () => {
  const files = fc.record({
    tensors: fc.dictionary(names, tensors, { maxKeys: 5 }),
    metadata: fc.dictionary(names, fc.string({ unit: 'binary' }), { maxKeys: 3 }),
    offset: fc.nat(7),
  });
  fc.assert(
    fc.property(files, ({ tensors, metadata, offset }) => {
      const bytes = serializeTensors(tensors, metadata);
      const moved = new Uint8Array(bytes.length + offset).subarray(offset);
      moved.set(bytes);
      const got = parseTensors(moved);
      expect({ ...got.tensors }).toEqual({ ...tensors });
      expect({ ...got.metadata }).toEqual({ ...metadata });
    }),
  );
});

test('a file is read by the rule of the format, and written by it', () => {
  const header = {
    b: { dtype: 'I32', shape: [2], data_offsets: [8, 16] },
    a: { dtype: 'F64', shape: [], data_offsets: [0, 8] },
  };
  const data = new Uint8Array(16);
  const view = new DataView(data.buffer);
  view.setFloat64(0, 1.5, true);
  view.setInt32(8, -7, true);
  view.setInt32(12, 9, true);
  const { tensors } = parseTensors(file(header, data));
  expect({ ...tensors }).toEqual({ a: tensor(1.5), b: tensor([-7, 9], { kind: 'integer' }) });
  const bytes = serializeTensors({ b: tensors['b']!, a: tensors['a']! });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual(header);
  expect(bytes.subarray(8 + length)).toEqual(data);
});

describe('a damaged file is refused, and the message says how', () => {
  const good = { dtype: 'F64', shape: [2], data_offsets: [0, 16] };
  const data = new Uint8Array(16);

  test('cut short anywhere, or with bytes too many', () => {
    const whole = serializeTensors({ a: tensor([1, 2]), b: tensor([3], { kind: 'integer' }) });
    expect(() => parseTensors(whole)).not.toThrow();
    for (let length = 0; length < whole.length; length++) {
      expect(() => parseTensors(whole.subarray(0, length))).toThrow(
        expect.objectContaining({
          name: 'FormatError',
          message: expect.stringMatching(/truncated/) as string,
        }),
      );
    }
    expect(() => parseTensors(Uint8Array.of(...whole, 0))).toThrow(
      /from 20 to 21, at the end, belong to nothing/,
    );
  });

  test('with any byte of the header changed it is read to the same, or refused as malformed', () => {
    const whole = serializeTensors({ a: tensor([1, 2]) });
    const length = Number(new DataView(whole.buffer).getBigUint64(0, true));
    const outcomes = new Set<string>();
    for (let at = 0; at < 8 + length; at++) {
      for (const flip of [1, 0x20, 0x80]) {
        const bytes = whole.slice();
        bytes[at]! ^= flip;
        try {
          parseTensors(bytes);
          outcomes.add('read');
        } catch (error) {
          outcomes.add((error as Error).name);
        }
      }
    }
    expect([...outcomes].sort()).toEqual(['FormatError', 'read']);
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'text',
      new TextEncoder().encode('PK\u0003\u0004 not this one'),
      /header would be \d+ bytes long, more than/,
    ],
    [
      'a huge header',
      file({ a: good }, data).map((b, i) => (i === 4 ? 1 : b)),
      /header would be 4294967\d+ bytes/,
    ],
    ['no JSON', file('{"a":', data), /the header is not JSON/],
    ['a list', file([], data), /the header is a list of 0, expected an object/],
    [
      'bytes that are not UTF-8',
      file('{"a"}').map((b) => (b === 0x61 ? 0xff : b)),
      /the header is not JSON: URI/,
    ],
    ['no record', file({ a: 3 }, data), /tensor "a" has the type undefined/],
    [
      'another type',
      file({ a: { ...good, dtype: 'BF16' } }, data),
      /type "BF16"; those that are read are F64, F32, I32, BOOL/,
    ],
    [
      'a type of the prototype',
      file({ a: { ...good, dtype: 'toString' } }, data),
      /type "toString"/,
    ],
    [
      'a shape that is none',
      file({ a: { ...good, shape: [-2] } }, data),
      /shape \[-2\], expected a list of lengths/,
    ],
    [
      'a place that is none',
      file({ a: { ...good, data_offsets: [0] } }, data),
      /data_offsets \[0\], expected two/,
    ],
    [
      'a shape that does not fit',
      file({ a: { ...good, shape: [3] } }, data),
      /shape \[3\] needs 24 bytes, but has 16/,
    ],
    [
      'a shape without end',
      file({ a: { ...good, shape: [2 ** 50, 2 ** 50] } }, data),
      /needs 1\.\d+e\+31 bytes/,
    ],
    [
      'a place beyond the data',
      file({ a: { ...good, data_offsets: [8, 24] } }, data),
      /from 8 to 24, but the data has 16/,
    ],
    [
      'a place that ends before it begins',
      file({ a: { ...good, data_offsets: [16, 0] } }, data),
      /from 16 to 0/,
    ],
    [
      'overlapping places',
      file({ a: good, b: { dtype: 'F64', shape: [1], data_offsets: [8, 16] } }, data),
      /the bytes of tensor "b" and of tensor "a" overlap/,
    ],
    [
      'a gap',
      file({ a: { dtype: 'F64', shape: [1], data_offsets: [8, 16] } }, data),
      /the bytes from 0 to 8, before tensor "a", belong to nothing/,
    ],
    [
      'metadata that are no texts',
      file({ __metadata__: { a: 1 } }),
      /__metadata__ is not an object of texts/,
    ],
    [
      'conditions that are none',
      file({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)),
      /tensor "a" is BOOL, but has bytes other than 0 and 1/,
    ],
  ])('%s', (_name, bytes, message) => {
    expect(() => parseTensors(bytes, 'w.safetensors')).toThrow(
      expect.objectContaining({
        name: 'FormatError',
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('names of the prototype are names like others', () => {
    const tensors = { toString: tensor([1]), constructor: tensor([2]) };
    expect({ ...parseTensors(serializeTensors(tensors as never)).tensors }).toEqual(tensors);
    expect(() => serializeTensors({ __metadata__: tensor(1) })).toThrow(
      /cannot be called __metadata__/,
    );
  });
});
