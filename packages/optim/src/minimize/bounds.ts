/** Boxes: what each element may be, and the nearest point in the box. */
import { formatShape, sameShape, ShapeError, ValueError } from '@ad/graph';
import { type Leaf, tensorOfLeaf } from '@ad/backprop';
import { checkNames, describeValue } from '../options.ts';
import { matchLeaves } from '../trees.ts';
import type { Layout } from './layout.ts';

/** Limits for the elements of a point: trees of its form, in which a number stands for a whole leaf, or for all. */
export interface BoundsOption {
  /** The least that each element may be; `-Infinity` for no limit. Default: no limits. */
  readonly lower?: unknown;
  /** The most that each element may be; `Infinity` for no limit. Default: no limits. */
  readonly upper?: unknown;
}

/** A box of vectors. */
export class Bounds {
  readonly #lower: Float64Array;
  readonly #upper: Float64Array;

  /**
   * The box of these limits.
   *
   * @throws `ValueError` when a limit is not a number, is missing, or lies on the wrong side of the other; `ShapeError`
   * when the limits of a leaf have another shape.
   */
  constructor(caller: string, layout: Layout, tree: unknown, option: BoundsOption) {
    checkNames(`${caller}: bounds`, option, ['lower', 'upper']);
    this.#lower = limits(caller, layout, tree, option.lower, 'lower', -Infinity);
    this.#upper = limits(caller, layout, tree, option.upper, 'upper', Infinity);
    const wrong = this.#lower.findIndex((low, i) => !(low <= this.#upper[i]!));
    if (wrong >= 0) {
      throw new ValueError(
        `${caller}: the bounds of ${layout.nameOf(wrong)} are ${this.#lower[wrong]!} and ${this.#upper[wrong]!}, ` +
          'expected a lower one that is not above the upper one',
      );
    }
  }

  /** Moves a point to the nearest one in the box. */
  project(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) {
      const low = this.#lower[i]!;
      const high = this.#upper[i]!;
      // NaN stays what it is.
      if (x[i]! < low) x[i] = low;
      else if (x[i]! > high) x[i] = high;
    }
  }

  /**
   * The norm of $x - P(x - g)$: the gradient without what points out of the box, 0 exactly at stationary points.
   */
  projectedNorm(x: Float64Array, gradient: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      const low = this.#lower[i]!;
      const high = this.#upper[i]!;
      const target = x[i]! - gradient[i]!;
      // Inside the box it is the gradient itself, which the difference would round.
      const step = target < low ? x[i]! - low : target > high ? x[i]! - high : gradient[i]!;
      sum += step ** 2;
    }
    return Math.sqrt(sum);
  }

  /**
   * The derivative of $f(P(x + \alpha d))$ by $\alpha$ where the path has come to `at`: elements that the box holds back
   * do not count.
   *
   * @param gradient - of the function at `at`.
   */
  slopeAlong(at: Float64Array, direction: Float64Array, gradient: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < at.length; i++) {
      if (!this.#holds(i, at[i]!, direction[i]!)) sum += gradient[i]! * direction[i]!;
    }
    return sum;
  }

  /** Writes 1 for the elements that steepest descent moves, 0 for those that the box holds back. */
  markFree(x: Float64Array, gradient: Float64Array, free: Float64Array): void {
    for (let i = 0; i < x.length; i++) free[i] = this.#holds(i, x[i]!, -gradient[i]!) ? 0 : 1;
  }

  #holds(i: number, x: number, direction: number): boolean {
    return direction < 0 ? x <= this.#lower[i]! : x >= this.#upper[i]!;
  }
}

function limits(
  caller: string,
  layout: Layout,
  tree: unknown,
  option: unknown,
  side: 'lower' | 'upper',
  none: number,
): Float64Array {
  const result = new Float64Array(layout.size).fill(none);
  if (option === undefined) return result;
  const leaves =
    typeof option === 'number'
      ? layout.places.map(() => option)
      : matchLeaves(tree, option, `${caller}: the ${side} bounds`);
  leaves.forEach((leaf, k) => {
    const { path, shape, offset, size } = layout.places[k]!;
    const limit = tensorOfLeaf(leaf as Leaf);
    const isSingle = typeof leaf === 'number';
    if (!isSingle && !sameShape(limit.shape, shape)) {
      throw new ShapeError(
        `${caller}: the ${side} bounds of x0${path} have shape ${formatShape(limit.shape)}, expected ${formatShape(shape)} or one number`,
      );
    }
    for (let i = 0; i < size; i++) {
      const value = limit.data[isSingle ? 0 : i]!;
      if (Number.isNaN(value)) {
        throw new ValueError(
          `${caller}: the ${side} bound of ${layout.nameOf(offset + i)} is ${describeValue(value)}, expected a number`,
        );
      }
      result[offset + i] = value;
    }
  });
  return result;
}
