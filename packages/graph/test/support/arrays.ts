/**
 * Arrays as functions of an index: the oracle for everything that has a shape. Nothing here knows strides, positions
 * or row-major order; an operation is stated by what the element at each index is.
 */
import { tensor, type Kind, type Shape, type Tensor } from '@ad/graph';
import fc from 'fast-check';
import { expect } from 'vitest';

/** All indices of a shape, the last axis fastest; one empty index for a scalar. */
export function indicesOf(shape: Shape): number[][] {
  let indices: number[][] = [[]];
  for (const length of shape) {
    indices = indices.flatMap((index) => Array.from({ length }, (_, i) => [...index, i]));
  }
  return indices;
}

/** A tensor from what its elements are. */
export function tensorOf(
  shape: Shape,
  element: (index: readonly number[]) => number,
  kind: Kind = 'real',
): Tensor {
  return tensor(indicesOf(shape).map(element), { shape, kind });
}

/** The element that broadcasting reads for an index of the result: shapes aligned at the back, length 1 repeated. */
export function broadcastAt(x: Tensor, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return x.at(...own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)));
}

/** Checks shape, kind and every element; exactly, or within `tolerance` of the larger of 1 and the element. */
export function expectElements(
  actual: Tensor,
  shape: Shape,
  element: (index: readonly number[]) => number,
  tolerance = 0,
): void {
  expect(actual.shape).toStrictEqual([...shape]);
  const indices = indicesOf(shape);
  const wrong = indices.filter((index) => {
    const [got, wanted] = [actual.at(...index), element(index)];
    const error = Math.abs(got - wanted);
    return !(Object.is(got, wanted) || error <= tolerance * Math.max(1, Math.abs(wanted)));
  });
  expect(wrong.map((index) => [index, actual.at(...index), element(index)])).toStrictEqual([]);
}

/** Shapes of up to `rank` axes of lengths 0 to 3. */
export function shapes(minRank = 0, maxRank = 4, minLength = 0): fc.Arbitrary<number[]> {
  const length = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: Math.max(1, minLength), max: 3 }) },
    { weight: 1, arbitrary: fc.constant(minLength) },
  );
  return fc.array(length, { minLength: minRank, maxLength: maxRank });
}

/** A tensor of this shape with small integers, whose sums and products are exact. */
export function integersOf(shape: Shape, kind: Kind = 'real'): fc.Arbitrary<Tensor> {
  const size = indicesOf(shape).length;
  const element = fc.integer({ min: -9, max: 9 });
  return fc
    .array(element, { minLength: size, maxLength: size })
    .map((elements) => tensor(elements, { shape, kind }));
}

/** A tensor of this shape with fractions between -5 and 5. */
export function fractionsOf(shape: Shape): fc.Arbitrary<Tensor> {
  return integersOf(shape).chain((whole) =>
    integersOf(shape).map((parts) =>
      tensorOf(shape, (index) => whole.at(...index) / 2 + parts.at(...index) / 32),
    ),
  );
}

/** A tensor with small integers of any shape. */
export function integerTensors(minRank = 0, maxRank = 4, minLength = 0): fc.Arbitrary<Tensor> {
  return shapes(minRank, maxRank, minLength).chain((shape) => integersOf(shape));
}

/** `count` shapes that broadcast together, and the shape they broadcast to. */
export function broadcastableShapes(
  count: number,
): fc.Arbitrary<{ readonly operands: readonly number[][]; readonly result: number[] }> {
  return shapes().chain((full) => {
    const operand = fc
      .tuple(
        fc.integer({ min: 0, max: full.length }),
        fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
      )
      .map(([dropped, ones]) => full.map((d, axis) => (ones[axis]! ? 1 : d)).slice(dropped));
    return fc.array(operand, { minLength: count, maxLength: count }).map((operands) => {
      const rank = Math.max(...operands.map((shape) => shape.length));
      const result = full.slice(full.length - rank).map((_, axis) => {
        const lengths = operands.map((shape) => shape[shape.length - rank + axis] ?? 1);
        return lengths.find((length) => length !== 1) ?? 1;
      });
      return { operands, result };
    });
  });
}

/** Any subset of the axes of a rank, ascending. */
export function axesOf(rank: number): fc.Arbitrary<number[]> {
  const flags = fc.array(fc.boolean(), { minLength: rank, maxLength: rank });
  return flags.map((chosen) => chosen.flatMap((is, axis) => (is ? [axis] : [])));
}

/** The axes of a rank in any order. */
export function permutationsOf(rank: number): fc.Arbitrary<number[]> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank });
}

/** An axis in either way of counting it: from the front, or negative from the back. */
export function eitherSign(axis: number, rank: number): fc.Arbitrary<number> {
  return fc.constantFrom(axis, axis - rank);
}
