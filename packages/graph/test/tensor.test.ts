/** Tensors: nested arrays and back, kinds, typed arrays, and what is refused. */
import { KindError, ShapeError, Tensor, tensor, ValueError, type NestedArray } from '@ad/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indicesOf, integersOf, shapes } from './support/arrays.ts';

/** Nested arrays of a shape, built outside in. */
function nested(
  shape: readonly number[],
  element: (index: readonly number[]) => NestedArray,
  at: readonly number[] = [],
): NestedArray {
  if (at.length === shape.length) return element(at);
  return Array.from({ length: shape[at.length]! }, (_, i) => nested(shape, element, [...at, i]));
}

test('nested arrays make the round trip', () => {
  const arrays = shapes().chain((shape) =>
    fc.infiniteStream(fc.double()).map((values) => nested(shape, () => values.next().value)),
  );
  fc.assert(
    fc.property(arrays, (array) => {
      expect(tensor(array).toArray()).toStrictEqual(array);
    }),
  );
});

test('at reads what the nested arrays hold, from either end of each axis', () => {
  const tensors = shapes(0, 4, 1).chain((shape) => integersOf(shape));
  fc.assert(
    fc.property(tensors, fc.boolean(), (t, fromBack) => {
      for (const index of indicesOf(t.shape)) {
        const place = index.map((i, axis) => (fromBack ? i - t.shape[axis]! : i));
        const read = index.reduce<NestedArray>(
          (level, i) => (level as NestedArray[])[i]!,
          t.toArray(),
        );
        expect(t.at(...place)).toBe(read);
      }
    }),
  );
});

test('the shape follows from the nesting', () => {
  expect(tensor(3).shape).toStrictEqual([]);
  expect(tensor([]).shape).toStrictEqual([0]);
  expect(tensor([[], []]).shape).toStrictEqual([2, 0]);
  expect(tensor([[[1, 2, 3]]]).shape).toStrictEqual([1, 1, 3]);
  expect(tensor([[], []]).toArray()).toStrictEqual([[], []]);
});

test('deep nesting costs no stack', () => {
  let deep: NestedArray = 7;
  for (let depth = 0; depth < 3000; depth++) deep = [deep];
  const t = tensor(deep);
  expect(t.shape).toHaveLength(3000);
  expect(t.item()).toBe(7);
});

test.each([
  [[[1, 2], [3]], /ragged: at depth 1 a list of 2 stands beside a list of 1; pad the rows/],
  [[1, [2]], /ragged: at depth 1 a list of 1 stands beside the single value 1/],
  [[[1], []], /a list of 1 stands beside a list of 0/],
  [[[[1]], [[1, 2]]], /at depth 2 a list of 1 stands beside a list of 2/],
] as const)('the ragged array %j is refused', (array, message) => {
  expect(() => tensor(array)).toThrow(ShapeError);
  expect(() => tensor(array)).toThrow(message);
});

describe('kinds', () => {
  test('follow from the elements', () => {
    expect(tensor([1, 2]).kind).toBe('real');
    expect(tensor([true, false]).kind).toBe('boolean');
    expect(tensor(true).kind).toBe('boolean');
    expect(tensor([true, 2]).kind).toBe('real');
    expect(tensor([]).kind).toBe('real');
    expect(tensor(Int8Array.of(1)).kind).toBe('integer');
    expect(tensor(Float32Array.of(1)).kind).toBe('real');
  });

  test('are converted when that loses nothing', () => {
    expect(tensor([1, -2], { kind: 'integer' }).data).toStrictEqual(Int32Array.of(1, -2));
    expect(tensor([1, 0], { kind: 'boolean' }).toArray()).toStrictEqual([true, false]);
    expect(tensor([true, false], { kind: 'real' }).data).toStrictEqual(Float64Array.of(1, 0));
    expect(tensor(tensor([1, 0]), { kind: 'boolean' }).data).toStrictEqual(Uint8Array.of(1, 0));
    expect(tensor(Uint8Array.of(200), { kind: 'real' }).data).toStrictEqual(Float64Array.of(200));
  });

  test.each([
    [[1, 0.5], 'integer', /element 1 is 0.5, expected an integer of 32 bits; use kind 'real'/],
    [[2 ** 31], 'integer', /element 0 is 2147483648/],
    [[NaN], 'integer', /element 0 is NaN/],
    [[Infinity], 'integer', /element 0 is Infinity/],
    [[0, 2], 'boolean', /element 1 is 2, expected true, false, 0 or 1/],
    [Uint32Array.of(2 ** 32 - 1), 'integer', /element 0 is 4294967295/],
  ] as const)('%j is not %s', (value, kind, message) => {
    expect(() => tensor(value, { kind })).toThrow(KindError);
    expect(() => tensor(value, { kind })).toThrow(message);
  });
});

test.each([
  ['the string "1"', '1'],
  ['undefined', undefined],
  ['null', null],
  ['an object', { x: 1 }],
  ['5', 5n],
])('%s is not an element', (words, value) => {
  expect(() => tensor([0, value] as never)).toThrow(ValueError);
  expect(() => tensor([0, value] as never)).toThrow(
    `element 1 is ${words}, expected a number or a boolean`,
  );
});

describe('typed arrays', () => {
  test('of the storage type are wrapped, others copied', () => {
    const double = Float64Array.of(1, 2);
    const single = Float32Array.of(1, 2);
    const int = Int32Array.of(1, 2);
    const short = Int16Array.of(1, 2);
    expect(tensor(double).data).toBe(double);
    expect(tensor(single).data).toBe(single);
    expect(tensor(int).data).toBe(int);
    expect(tensor(short).data).toStrictEqual(int);
  });

  test('take the shape given with them, which is copied', () => {
    const shape = [2, 3];
    const t = tensor(new Float64Array(6), { shape });
    shape[0] = 9;
    expect(t.shape).toStrictEqual([2, 3]);
    expect(t.reshape([6]).data).toBe(t.data);
  });

  test.each([
    [[2, 2], /a tensor of shape \[2, 2\] has 4 elements, got 6/],
    [[], /a tensor of shape \[\] \(a scalar\) has 1 elements, got 6/],
    [[-6], /dimensions are non-negative integers/],
    [[2.5], /dimensions are non-negative integers/],
    [[2 ** 20, 2 ** 20], /more than 2\^31 - 1 elements/],
  ])('do not fit the shape %j', (shape, message) => {
    expect(() => tensor(new Float64Array(6), { shape })).toThrow(ShapeError);
    expect(() => tensor(new Float64Array(6), { shape })).toThrow(message);
  });
});

test('item reads the only element', () => {
  expect(tensor([[4]]).item()).toBe(4);
  expect(tensor(true).item()).toBe(1);
  expect(() => tensor([1, 2]).item()).toThrow(ShapeError);
  expect(() => tensor([1, 2]).item()).toThrow(
    /this tensor of shape \[2\] has 2: use at\(\.\.\.\) or data/,
  );
  expect(() => tensor([]).item()).toThrow(/has 0/);
});

test.each([
  [[0], /at\(0\): a tensor of shape \[2, 3\] takes 2 indices/],
  [[0, 0, 0], /takes 2 indices/],
  [[2, 0], /axis 0 of \[2, 3\] has no index 2/],
  [[0, -4], /axis 1 of \[2, 3\] has no index -4/],
  [[0.5, 0], /axis 0 of \[2, 3\] has no index 0.5/],
])('at(%j) is refused', (index, message) => {
  const t = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(() => t.at(...index)).toThrow(ValueError);
  expect(() => t.at(...index)).toThrow(message);
});

test('a tensor describes itself shortly', () => {
  expect(String(tensor([true, false]))).toBe('tensor [2] boolean: true, false');
  expect(String(tensor(new Float64Array(9), { shape: [3, 3] }))).toBe(
    'tensor [3, 3] real: 0, 0, 0, 0, 0, 0, 0, 0, ...',
  );
  expect(String(new Tensor([], 'integer', Int32Array.of(4)))).toBe(
    'tensor [] (a scalar) integer: 4',
  );
});

test('lists that contain themselves are refused', () => {
  const list: unknown[] = [];
  list.push(list, list);
  expect(() => tensor(list as never)).toThrow(/contain themselves/);
  const [inner, around]: unknown[][] = [[], []];
  inner!.push(around);
  around!.push(inner);
  expect(() => tensor([[around, [[1]]]] as never)).toThrow(/ragged|contain themselves/);
  expect(() => tensor([around] as never)).toThrow(/contain themselves/);
});
