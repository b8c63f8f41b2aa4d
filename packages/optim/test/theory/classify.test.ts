import { slice } from '@ad/graph';
import type { GraphNode } from '@ad/graph';
import { classifyStationaryPoint } from '@ad/optim/theory';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quadratic } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

type Plane = { readonly x: GraphNode; readonly y: GraphNode };
const origin = { x: 0, y: 0 };

test('quadratics are what the signs of their eigenvalues say', () => {
  const magnitudes = fc.array(between(0.5, 5), { minLength: 4, maxLength: 4 });
  const signs = fc.array(fc.constantFrom(1, -1), { minLength: 4, maxLength: 4 });
  const vectors = fc.array(fc.array(between(0.1, 1), { minLength: 4, maxLength: 4 }), {
    minLength: 2,
    maxLength: 2,
  });
  fc.assert(
    fc.property(magnitudes, signs, vectors, (sizes, sides, basis) => {
      const eigenvalues = sizes.map((size, k) => size * sides[k]!);
      const { f, center } = quadratic(eigenvalues, basis, [1, -2, 0.5, 3]);
      const all = new Set(sides);
      const expected = all.size === 2 ? 'saddle' : all.has(1) ? 'minimum' : 'maximum';
      const found = classifyStationaryPoint(f, center);
      expect(found.kind).toBe(expected);
      eigenvalues
        .sort((a, b) => a - b)
        .forEach((value, k) => expect(found.eigenvalues[k]).toBeCloseTo(value, 12));
    }),
    { numRuns: 50 },
  );
});

describe('a degenerate point is inconclusive', () => {
  const cases: [string, (p: Plane) => GraphNode][] = [
    ['x^4 + y^4', ({ x, y }) => x.pow(4).add(y.pow(4))],
    ['-(x^4 + y^4)', ({ x, y }) => x.pow(4).add(y.pow(4)).neg()],
    ['x^3', ({ x, y }) => x.pow(3).add(y.mul(0))],
    ['the monkey saddle', ({ x, y }) => x.pow(3).sub(x.mul(y.square()).mul(3))],
    ['x^2 + y^4', ({ x, y }) => x.square().add(y.pow(4))],
    [
      'the surface of Peano, a minimum along every line and yet none',
      ({ x, y }) => y.sub(x.square()).mul(y.sub(x.square().mul(3))),
    ],
    ['a constant', ({ x, y }) => x.mul(0).add(y.mul(0))],
  ];
  test.each(cases)('%s', (_, f) => {
    const { kind, message } = classifyStationaryPoint(f, origin);
    expect(kind).toBe('inconclusive');
    expect(message).toMatch(/does not decide/);
  });

  test.each(cases)('%s, also from a point nearby', (_, f) => {
    fc.assert(
      fc.property(between(-1e-3, 1e-3), between(-1e-3, 1e-3), (x, y) => {
        expect(classifyStationaryPoint(f, { x, y }).kind).toBe('inconclusive');
      }),
      { numRuns: 20 },
    );
  });
});

test('signs of both kinds decide even where other eigenvalues are 0', () => {
  const f = (v: GraphNode): GraphNode => {
    const [x, y, z] = [0, 1, 2].map((i) => slice(v, [{ start: i, end: i + 1 }]));
    return x!.square().sub(y!.square()).add(z!.pow(4)).sum();
  };
  expect(classifyStationaryPoint(f, new Float64Array(3)).kind).toBe('saddle');
});

test('a point nearby is brought to the stationary point', () => {
  const well = ({ x, y }: Plane): GraphNode =>
    x.square().sub(1).square().add(y.square()).add(x.mul(y).mul(0.1));
  fc.assert(
    fc.property(between(-1e-3, 1e-3), between(-1e-3, 1e-3), (dx, dy) => {
      const { kind, point, polished, gradientNorm } = classifyStationaryPoint(well, {
        x: dx,
        y: dy,
      });
      expect(kind).toBe('saddle');
      expect(Math.hypot(point.x, point.y)).toBeLessThan(1e-12);
      expect(gradientNorm).toBeLessThan(1e-12);
      expect(polished > 0 || Math.hypot(dx, dy) < 1e-9).toBe(true);
    }),
    { numRuns: 30 },
  );
  expect(classifyStationaryPoint(well, { x: 1e-5, y: 0 }, { polish: false }).polished).toBe(0);
});

test('a slope is not a stationary point, and is not walked down', () => {
  const { kind, point, message } = classifyStationaryPoint((x: GraphNode) => x.exp(), 0);
  expect(kind).toBe('not stationary');
  expect(point).toBe(0);
  expect(message).toMatch(/gradient has norm 1\.000/);
});

test('the verdict does not depend on the units of the function', () => {
  fc.assert(
    fc.property(fc.integer({ min: -12, max: 12 }), (exponent) => {
      const f = ({ x, y }: Plane): GraphNode =>
        x
          .square()
          .sub(y.square())
          .mul(10 ** exponent);
      expect(classifyStationaryPoint(f, origin).kind).toBe('saddle');
    }),
    { numRuns: 25 },
  );
});

test('mistakes are named', () => {
  expect(() => classifyStationaryPoint((x: GraphNode) => x.log(), -1)).toThrow(/not finite/);
  expect(() =>
    classifyStationaryPoint((x: GraphNode) => x.square(), 1, { polsh: true } as never),
  ).toThrow(/no option "polsh"/);
});
