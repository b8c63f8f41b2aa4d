/** What convolutions and pooling have in common: options per spatial axis, and zeros around images. */
import { ShapeError, ValueError } from '../errors.ts';
import { describeValue } from '../options.ts';
import type { Shape } from '../shape.ts';

/** A number for every spatial axis, or one for all. */
export type PerAxis = number | readonly number[];

/**
 * What is around images before windows are laid over them: so many elements on both sides of every axis, or of each
 * axis (a number, or one before and one after), none (`valid`), or as many as make windows with stride 1 as numerous
 * as elements (`same`; with a stride `s`, `ceil(length / s)` windows). What is odd goes after.
 */
export type Padding = number | 'valid' | 'same' | readonly (number | readonly [number, number])[];

/** Elements before and after an axis. */
export type Margins = readonly [before: number, after: number];

/**
 * A number per spatial axis.
 *
 * @param fallback - for an option that is left out; `undefined` where it may not be.
 * @throws ValueError when one is not an integer from `least` up, ShapeError when there are too few or too many.
 */
export function perAxis(
  option: PerAxis | undefined,
  fallback: PerAxis | undefined,
  count: number,
  what: string,
  least = 1,
): readonly number[] {
  const given = option ?? fallback;
  const list = typeof given === 'number' ? new Array<number>(count).fill(given) : given;
  if (!Array.isArray(list) || list.length !== count)
    throw new ShapeError(
      `${what} takes a number or a list of ${count}, one per spatial axis, got ${describeValue(given)}`,
    );
  for (const n of list) {
    if (!Number.isInteger(n) || n < least)
      throw new ValueError(`${what} takes integers from ${least} up, got ${String(n)}`);
  }
  return list;
}

/**
 * Elements before and after each spatial axis.
 *
 * @throws ValueError or ShapeError when the padding is not one of its forms.
 */
export function marginsOf(
  padding: Padding | undefined,
  lengths: Shape,
  sizes: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): readonly Margins[] {
  if (padding === undefined || padding === 'valid') return lengths.map(() => [0, 0]);
  if (padding === 'same') {
    return lengths.map((length, i) => {
      const stride = strides[i]!;
      const spanned = (Math.ceil(length / stride) - 1) * stride + (sizes[i]! - 1) * dilations[i]!;
      const total = Math.max(spanned + 1 - length, 0);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
  }
  if (typeof padding === 'string') {
    throw new ValueError(
      `padding is a number, a list, 'valid' or 'same', got ${JSON.stringify(padding)}`,
    );
  }
  const list = typeof padding === 'number' ? lengths.map(() => padding) : padding;
  if (list.length !== lengths.length)
    throw new ShapeError(
      `padding takes a number or a list of ${lengths.length}, one per spatial axis`,
    );
  return list.map((each) => {
    const margins = typeof each === 'number' ? ([each, each] as const) : each;
    if (margins.length !== 2 || margins.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new ValueError(
        `padding takes integers from 0 up, or pairs of them, got ${JSON.stringify(each)}`,
      );
    }
    return margins;
  });
}

/**
 * The spatial part of the shape of a batch of images [n, c, ...length].
 *
 * @throws ShapeError when there are not as many axes.
 */
export function spatialShape(shape: Shape, count: number): Shape {
  if (shape.length !== count + 2) {
    throw new ShapeError(
      `a batch of images has shape [images, channels, ${SPATIAL[count]}], got an array of rank ${shape.length}`,
    );
  }
  return shape.slice(2);
}

/** How the spatial axes are called in messages. */
export const SPATIAL: readonly string[] = ['', 'length', 'height, width'];
