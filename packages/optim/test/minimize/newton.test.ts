import { type GraphNode, matmul, slice, split, Tensor, tensor } from '@ad/graph';
import { minimize, newton } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance, quadratic, quadratics, rosenbrock } from '../support/functions.ts';
import { between } from '../support/numbers.ts';

test.each(['plain', 'damped', 'safeguarded'] as const)(
  'a convex quadratic takes one %s step',
  (variant) => {
    fc.assert(
      fc.property(quadratics(4, 0.1, 10), ({ f, start, center }) => {
        const { minimizer } = minimize<Float64Array>(f, start, {
          method: newton({ variant }),
          maxIterations: 1,
        });
        // Condition at most 100, numbers of size 3.
        expect(distance(minimizer, center)).toBeLessThan(1e-12);
      }),
      { numRuns: 20 },
    );
  },
);

test('a plain step is scaled by eta: the error of a quadratic shrinks by 1 - eta', () => {
  fc.assert(
    fc.property(quadratics(3, 0.1, 10), between(0.1, 1), ({ f, start, center }, stepSize) => {
      const { trajectory } = minimize<Float64Array>(f, start, {
        method: newton({ variant: 'plain', stepSize }),
        maxIterations: 5,
        gradientTolerance: 0,
        trajectory: true,
      });
      trajectory!.forEach(({ point }, t) => {
        const expected = (1 - stepSize) ** t * distance(start, center);
        expect(Math.abs(distance(point, center) - expected)).toBeLessThan(1e-12);
      });
    }),
    { numRuns: 20 },
  );
});

test('the way does not depend on the coordinates: iterates of f(A y) map to those of f', () => {
  const f = (x: GraphNode): GraphNode => {
    const [a, b] = split(x, 2) as [GraphNode, GraphNode];
    return a.neg().add(1).square().add(b.sub(a.square()).square().mul(100)).sum();
  };
  const maps = fc.tuple(between(0.5, 2), between(-1, 1), between(-1, 1), between(2, 3));
  fc.assert(
    fc.property(maps, ([a, b, c, d]) => {
      const map = tensor([
        [a, b],
        [c, d],
      ]);
      const apply = ([y0, y1]: Float64Array): number[] => [a * y0! + b * y1!, c * y0! + d * y1!];
      const det = a * d - b * c;
      const start = [-1.2, 1] as const;
      const mapped = new Float64Array([
        (d * start[0] - b * start[1]) / det,
        (a * start[1] - c * start[0]) / det,
      ]);
      const options = {
        method: newton({ variant: 'damped' }),
        maxIterations: 12,
        trajectory: true,
      } as const;
      const plain = minimize<Float64Array>(f, new Float64Array(start), options);
      const other = minimize<Float64Array>(
        (y) => f(matmul(y.graph.constant(map), y)),
        mapped,
        options,
      );
      plain.trajectory!.forEach(({ point }, t) => {
        expect(distance(point, apply(other.trajectory![t]!.point))).toBeLessThan(1e-9);
      });
    }),
    { numRuns: 20 },
  );
});

test('near a minimum the error is squared in each step', () => {
  // f = e^x - 2 x has its minimum at ln 2, where f''' / (2 f'') = 1/2.
  const { trajectory } = minimize((x: GraphNode) => x.exp().sub(x.mul(2)), 1.5, {
    method: newton({ variant: 'plain' }),
    trajectory: true,
    gradientTolerance: 1e-14,
  });
  const errors = trajectory!.map(({ point }) => Math.abs(point - Math.LN2));
  expect(errors.length).toBeGreaterThan(4);
  for (let t = 0; t + 1 < errors.length; t++) {
    expect(errors[t + 1]!).toBeLessThan(0.51 * errors[t]! ** 2 + 1e-15);
  }
});

describe('where the Hessian is indefinite', () => {
  const saddle = (x: GraphNode): GraphNode =>
    x
      .square()
      .mul(tensor([1, -1]))
      .sum();

  test('a plain step goes to the saddle, and to the maximum', () => {
    const options = { method: newton({ variant: 'plain' }) };
    expect(minimize(saddle, tensor([3, 0.1]), options).minimizer.toArray()).toStrictEqual([0, 0]);
    const hill = (x: GraphNode): GraphNode => x.square().neg();
    expect(minimize(hill, 2, options).minimizer).toBe(0);
  });

  test('a damped step that leads uphill is refused by name', () => {
    const { stop, iterations, minimizer } = minimize(saddle, tensor([0.1, 3]), {
      method: newton({ variant: 'damped' }),
    });
    expect(stop).toMatchObject({ kind: 'not descent' });
    expect(iterations).toBe(0);
    expect(minimizer.toArray()).toStrictEqual([0.1, 3]);
  });

  test('a safeguarded step leads downhill all the way to a minimum', () => {
    // Two wells at (-1, 0) and (1, 0), a saddle between them.
    const wells = (x: GraphNode): GraphNode => {
      const [a, b] = split(x, 2) as [GraphNode, GraphNode];
      return a.square().sub(1).square().add(b.square()).sum();
    };
    fc.assert(
      fc.property(between(0.01, 2), between(-2, 2), (a, b) => {
        const { trajectory, minimizer } = minimize(wells, new Float64Array([a, b]), {
          method: newton(),
          trajectory: true,
        });
        for (let t = 0; t + 1 < trajectory!.length; t++) {
          expect(trajectory![t + 1]!.value).toBeLessThan(trajectory![t]!.value);
        }
        expect(distance(minimizer, [1, 0])).toBeLessThan(1e-7);
      }),
      { numRuns: 20 },
    );
  });

  test('a singular Hessian has no plain step', () => {
    const flat = (x: GraphNode): GraphNode =>
      slice(x, [{ end: 1 }])
        .exp()
        .sum();
    const { stop, message } = minimize(flat, tensor([1, 1]), {
      method: newton({ variant: 'plain' }),
    });
    expect(stop).toStrictEqual({ kind: 'singular', matrix: 'Hessian' });
    expect(message).toMatch(/Hessian is singular/);
    expect(
      minimize(flat, tensor([1, 1]), { method: newton(), maxIterations: 5 }).value,
    ).toBeLessThan(1);
  });
});

test('one Hessian of n variables is n products', () => {
  const { f } = quadratic([1, 2, 3], [[1, 2, 3]], [0, 0, 0]);
  const { evaluations } = minimize(f, new Float64Array([1, 1, 1]), {
    method: newton(),
    maxIterations: 1,
  });
  expect(evaluations.hessianProduct).toBe(3);
});

test('Hessians across the leaves of a tree', () => {
  const { minimizer, iterations } = minimize(rosenbrock, { x: -1.2, y: 1 }, { method: newton() });
  expect(distance([minimizer.x, minimizer.y], [1, 1])).toBeLessThan(1e-8);
  expect(iterations).toBeLessThan(30);
});

test('a matrix as a leaf', () => {
  const target = new Tensor([2, 2], 'real', new Float64Array([1, 2, 3, 4]));
  const f = (m: GraphNode): GraphNode => m.sub(target).square().square().sum();
  const { minimizer } = minimize(
    f,
    tensor([
      [0, 0],
      [0, 0],
    ]),
    {
      method: newton(),
      gradientTolerance: 1e-12,
    },
  );
  expect(distance(minimizer.data, target.data)).toBeLessThan(1e-3);
});
