/** How convolutions are computed follows from the lengths and strides of their axes. */
import { describe, expect, test } from 'vitest';
import { type ConvolutionAxes, planConvolution } from '../../src/lowering/convolution/plan.ts';

describe('the plan', () => {
  const single = { length: 1, image: 0, kernel: 0, result: 0 };
  const axesOf = (width: number, outputs: number, stride: number): ConvolutionAxes => ({
    places: [
      { length: 8, image: 100, kernel: 0, result: width },
      { length: width, image: stride, kernel: 0, result: 1 },
    ],
    outputs: { length: outputs, image: 0, kernel: 9, result: 8 * width },
    groups: single,
    terms: [
      { length: 3, image: 100, kernel: 3, result: 0 },
      { length: 3, image: 1, kernel: 1, result: 0 },
    ],
  });

  test('reads long rows of images in vectors, and else kernels', () => {
    expect(planConvolution(axesOf(8, 8, 1), 4)).toMatchObject({
      form: 'tiles',
      vectors: 'image',
    });
    expect(planConvolution(axesOf(5, 8, 1), 4)).toMatchObject({
      form: 'tiles',
      vectors: 'kernel',
    });
    expect(planConvolution(axesOf(8, 1, 2), 4)).toMatchObject({
      form: 'tiles',
      vectors: 'image',
    });
  });

  test('takes dot products of few windows with many elements', () => {
    const axes = {
      ...axesOf(3, 6, 1),
      terms: [{ length: 64, image: 1, kernel: 1, result: 0 }],
    };
    for (const width of [4, 2]) {
      expect(planConvolution(axes, width)).toMatchObject({ form: 'dots' });
    }
  });
});
