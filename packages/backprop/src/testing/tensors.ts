/** Generators of shapes and of tensors. Both shrink: to fewer and shorter axes, and to small round numbers. */
import { type Shape, sizeOf, Tensor } from '@ad/graph';
import fc from 'fast-check';

/** Options of {@link shapes}. */
export interface ShapeGeneratorOptions {
  /** The smallest number of axes; default 0, a scalar. */
  readonly minRank?: number;
  /** The largest number of axes; default 3. */
  readonly maxRank?: number;
  /** The shortest axis; default 1. Set 0 for arrays without elements. */
  readonly minLength?: number;
  /** The longest axis; default 3. */
  readonly maxLength?: number;
}

/** Options of {@link tensors}. */
export interface TensorGeneratorOptions {
  /** The shape; default any of {@link shapes}. */
  readonly shape?: Shape | fc.Arbitrary<Shape>;
  /** No element is smaller; default -2. */
  readonly min?: number;
  /** No element is larger; default 2. */
  readonly max?: number;
}

/**
 * Small shapes.
 *
 * @example
 * ```ts
 * import { sizeOf } from '@ad/graph';
 * import { shapes } from '@ad/backprop/testing';
 * import fc from 'fast-check';
 *
 * const sizes = fc.sample(shapes({ maxRank: 2, maxLength: 4 }), 50).map(sizeOf);
 * sizes.every((size) => size >= 1 && size <= 16); // => true
 * ```
 */
export function shapes(options: ShapeGeneratorOptions = {}): fc.Arbitrary<Shape> {
  const { minRank = 0, maxRank = 3, minLength = 1, maxLength = 3 } = options;
  return fc.array(fc.integer({ min: minLength, max: maxLength }), {
    minLength: minRank,
    maxLength: maxRank,
  });
}

/**
 * Real tensors. Elements have three decimals, so that a failing property can be read, and typed in again.
 *
 * @example
 * ```ts
 * import { tensors } from '@ad/backprop/testing';
 * import fc from 'fast-check';
 *
 * const [sample] = fc.sample(tensors({ shape: [2, 3], min: 0, max: 1 }), 1);
 * sample.shape; // => [2, 3]
 * sample.data.every((x) => x >= 0 && x <= 1); // => true
 * ```
 */
export function tensors(options: TensorGeneratorOptions = {}): fc.Arbitrary<Tensor> {
  const { shape = shapes(), min = -2, max = 2 } = options;
  const element = fc.integer({ min: Math.ceil(1000 * min), max: Math.floor(1000 * max) });
  const ofShape = (shape: Shape): fc.Arbitrary<Tensor> => {
    const size = sizeOf(shape);
    return fc.array(element, { minLength: size, maxLength: size }).map(
      (thousandths) =>
        new Tensor(
          shape,
          'real',
          Float64Array.from(thousandths, (n) => n / 1000),
        ),
    );
  };
  return 'chain' in shape ? shape.chain(ofShape) : ofShape(shape);
}
