/** Matchers: what they accept, what they refuse, and what they say. */
import { Graph, type GraphNode, Tensor, tensor } from '@ad/graph';
import { type Closeness, type GradientMatchers, matchers } from '@ad/backprop/testing';
import { describe, expect, test } from 'vitest';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-explicit-any -- as vitest declares it
  interface Matchers<T = any> extends GradientMatchers<T> {}
}
expect.extend(matchers);

describe('toBeCloseToTensor', () => {
  test('measures in units of the last place', () => {
    const next: readonly (readonly [number, number])[] = [
      [1, 2 ** -52],
      [2 - 2 ** -52, 2 ** -52],
      [2, 2 ** -51],
      [1e300, 2 ** 944],
      [-8, 2 ** -49],
      [0, 2 ** -1074],
      [2 ** -1022, 2 ** -1074],
      [2 ** -1030, 2 ** -1074],
      [1000, 2 ** -43],
      [Number.MAX_VALUE, 2 ** 971],
    ];
    for (const [x, ulp] of next) {
      expect(tensor(x - ulp)).toBeCloseToTensor(x, { ulps: 1 });
      expect(tensor(x - 2 * ulp)).not.toBeCloseToTensor(x, { ulps: 1 });
    }
  });

  test.each<[number, number, Closeness | undefined, boolean]>([
    [1 + 5e-13, 1, undefined, true],
    [1 + 5e-12, 1, undefined, false],
    [100.5, 100, { relative: 0.006 }, true],
    [100.5, 100, { relative: 0.004 }, false],
    [100.5, 100, { absolute: 0.6 }, true],
    [100.5, 100, { absolute: 0.4 }, false],
    [100.5, 100, { absolute: 0.4, relative: 0.006 }, true],
    [1 + 1e-13, 1, { ulps: 1 }, false],
    [NaN, NaN, undefined, true],
    [NaN, 1, { absolute: Infinity }, false],
    [1, NaN, { absolute: Infinity }, false],
    [Infinity, Infinity, undefined, true],
    [1, Infinity, { relative: 1, absolute: Infinity }, false],
    [-0, 0, { ulps: 0 }, true],
  ])('%f is close to %f within %o: %s', (actual, expected, closeness, pass) => {
    expect(matchers.toBeCloseToTensor(tensor(actual), expected, closeness).pass).toBe(pass);
  });

  test('takes nodes, typed arrays and tensors of one shape', () => {
    const x = new Graph().constant([1, 2]);
    expect(x.mul(2)).toBeCloseToTensor([2, 4]);
    expect(Float64Array.of(1, 2)).toBeCloseToTensor(tensor([1, 2]));
    expect(new Tensor([0], 'real', new Float64Array(0))).toBeCloseToTensor(new Float64Array(0));
  });

  test('names what is farthest off', () => {
    expect(() => expect(tensor([1, 2.5, 3, 4.25])).toBeCloseToTensor([1, 2, 3, 4])).toThrow(
      /2 of 4 elements are not close; element 1 is 2.5, expected 2: apart by 0.5 .* ulp\), allowed 2e-12/,
    );
    expect(() => expect(tensor([1])).toBeCloseToTensor([[1]])).toThrow(
      /expected shape \[1, 1\], got \[1\]/,
    );
    expect(() => expect(tensor([1])).not.toBeCloseToTensor([1])).toThrow(/but it is close/);
  });
});

describe('toHaveCorrectGradients', () => {
  test('is the checker', () => {
    expect((x: GraphNode, y: GraphNode) => x.mul(y).sin()).toHaveCorrectGradients([
      1,
      tensor([1, 2]),
    ]);
    let calls = 0;
    const impure = (x: GraphNode): GraphNode => x.mul(++calls);
    expect(impure).not.toHaveCorrectGradients([1]);
    expect(() => expect(impure).toHaveCorrectGradients([1])).toThrow(/purity: mul/);
    expect(() => expect((x: GraphNode) => x).not.toHaveCorrectGradients([1])).toThrow(/are right/);
  });

  test('passes options on', () => {
    const f = (x: GraphNode): GraphNode => x.relu();
    expect(matchers.toHaveCorrectGradients(f, [0], { order: 1, directions: 1 }).pass).toBe(true);
  });
});
