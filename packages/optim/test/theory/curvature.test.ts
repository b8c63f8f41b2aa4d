import { type GraphNode, tensor } from '@ad/graph';
import { curvature, smoothness, strongConvexity } from '@ad/optim/theory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quadratics } from '../support/functions.ts';

test('the curvature of a quadratic is the range of its eigenvalues, anywhere', () => {
  fc.assert(
    fc.property(quadratics(5, 0.5, 9), ({ f, eigenvalues, start }) => {
      const { smallest, largest, conditionNumber } = curvature(f, start);
      expect(smallest).toBeCloseTo(Math.min(...eigenvalues), 9);
      expect(largest).toBeCloseTo(Math.max(...eigenvalues), 9);
      expect(conditionNumber).toBeCloseTo(Math.max(...eigenvalues) / Math.min(...eigenvalues), 6);
    }),
    { numRuns: 30 },
  );
});

test('smoothness is the largest absolute curvature at any of the points', () => {
  const f = (x: GraphNode): GraphNode => x.sin();
  expect(smoothness(f, [0, 1, -Math.PI / 2])).toBeCloseTo(1, 12);
  expect(smoothness(f, [0.5])).toBeCloseTo(Math.sin(0.5), 12);
});

test('strong convexity is the smallest curvature at any of the points, negative where there is a hill', () => {
  expect(strongConvexity((x: GraphNode) => x.pow(4), [1, 2])).toBeCloseTo(12, 10);
  expect(strongConvexity((x: GraphNode) => x.cos(), [0, 1])).toBeCloseTo(-1, 12);
});

test('a function that is not convex has an infinite condition number', () => {
  const saddle = (x: GraphNode): GraphNode =>
    x
      .mul(tensor([1, -1]))
      .mul(x)
      .sum();
  expect(curvature(saddle, Float64Array.of(1, 2)).conditionNumber).toBe(Infinity);
});

test('a linear function is flat', () => {
  const { smallest, largest } = curvature((x: GraphNode) => x.sum(), Float64Array.of(1, 2, 3));
  expect([smallest, largest]).toEqual([0, 0]);
});

test('mistakes are named', () => {
  const f = (x: GraphNode): GraphNode => x.square();
  expect(() => smoothness(f, [])).toThrow(/points are a list of 0, expected a list of one point/);
  expect(() => curvature(f, 1, { maxProduct: 3 } as never)).toThrow(/no option "maxProduct"/);
  expect(() => curvature(f, Float64Array.of(1, 2))).toThrow(/shape \[2\], expected a scalar/);
  expect(() => curvature((x: GraphNode) => x.pow(1.5), 0)).toThrow(/not finite/);
});
