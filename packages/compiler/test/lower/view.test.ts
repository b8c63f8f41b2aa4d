/** Views: arrays as they lie in memory. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Shape, sizeOf, viewPositions } from '@ad/graph';
import { contiguousView, reshapedView, type View } from '../../src/lower/view.ts';

const bufferOf = (size: number) => ({ node: 0, storage: 'real', size, address: -1 }) as const;

const positions = ({ shape, strides, offset }: View): number[] => [
  ...viewPositions(shape, strides, offset),
];

/** Ways to write a size as a product. */
const shapeOf = (size: number): fc.Arbitrary<Shape> =>
  fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }).map((wishes) => {
    const shape: number[] = [];
    let left = size;
    for (const wish of wishes) {
      if (left % wish !== 0) continue;
      shape.push(wish);
      left /= wish;
    }
    shape.push(left);
    return shape;
  });

const view = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -3, max: 12 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((axes): View => ({
    buffer: bufferOf(999),
    offset: 100,
    shape: axes.map(([length]) => length),
    strides: axes.map(([, stride]) => stride),
  }));

test('a reshaped view meets the same elements in the same order', () => {
  fc.assert(
    fc.property(
      view.chain((each) => fc.tuple(fc.constant(each), shapeOf(sizeOf(each.shape)))),
      ([each, shape]) => {
        const reshaped = reshapedView(each, shape);
        fc.pre(reshaped !== undefined);
        expect(positions(reshaped)).toEqual(positions(each));
      },
    ),
  );
});

test('axes are split always, and joined where they lie one in the other', () => {
  const whole = contiguousView(bufferOf(240), [4, 6, 10]);
  const part: View = { ...whole, shape: [4, 6, 5] };
  expect(reshapedView(part, [2, 2, 3, 2, 5, 1])?.strides).toEqual([120, 60, 20, 10, 1, 0]);
  expect(reshapedView(part, [24, 5])?.strides).toEqual([10, 1]);
  expect(reshapedView(part, [120])).toBeUndefined();
  expect(reshapedView(part, [4, 30])).toBeUndefined();
  const spread: View = { ...whole, strides: [0, 0, 1] };
  expect(reshapedView(spread, [8, 3, 10])?.strides).toEqual([0, 0, 1]);
});
