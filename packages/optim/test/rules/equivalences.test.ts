/** What follows from the equations: rules that are the same, symmetries, and theorems with their exact constants. */
import { reciprocal } from '@ad/graph';
import type { GraphNode } from '@ad/graph';
import { adam, adamW, sgd } from '@ad/optim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { descend, runRule } from '../support/run-rule.ts';
import { between } from '../support/numbers.ts';

const real = between(-10, 10);
const away = real.filter((x) => Math.abs(x) > 1e-3);
const gradientsOf = (entry: fc.Arbitrary<number>): fc.Arbitrary<[number, number][]> =>
  fc.array(fc.tuple(entry, entry), { minLength: 20, maxLength: 20 });

const norm = (x: readonly number[]): number => Math.hypot(...x);

/** Relative to the larger of 1 and the second. */
function expectNear(got: readonly number[], expected: readonly number[], tolerance: number): void {
  got.forEach((x, k) => {
    expect(Math.abs(x - expected[k]!)).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[k]!)),
    );
  });
}

/** A quadratic with these eigenvalues, turned by a reflection, and its largest direction first. */
function quadratic(eigenvalues: readonly number[], mirror: readonly number[]) {
  const size = 2 / mirror.reduce((total, x) => total + x * x, 0);
  const reflect = (x: readonly number[]): number[] => {
    const along = size * x.reduce((total, xi, i) => total + xi * mirror[i]!, 0);
    return x.map((xi, i) => xi - along * mirror[i]!);
  };
  const scale = (x: readonly number[]): number[] => x.map((xi, i) => xi * eigenvalues[i]!);
  return {
    gradient: (x: readonly number[]): number[] => reflect(scale(reflect(x))),
    /** A point given by its components along the eigenvectors. */
    point: (components: readonly number[]): number[] => reflect(components),
  };
}

const problems = fc.record({
  eigenvalues: fc
    .array(between(0.05, 5), { minLength: 2, maxLength: 5 })
    .map((values) => values.sort((a, b) => b - a)),
  mirror: fc.array(away, { minLength: 5, maxLength: 5 }),
  start: fc.array(real, { minLength: 5, maxLength: 5 }),
});
/** Problems cut to one dimension. */
const fitted = problems.map(({ eigenvalues, mirror, start }) => {
  const n = eigenvalues.length;
  const { gradient, point } = quadratic(eigenvalues, mirror.slice(0, n));
  return { eigenvalues, start: start.slice(0, n), gradient, point };
});

describe('equivalences', () => {
  test('Polyak: momentum is the heavy ball x - a g + mu (x - last x)', () => {
    fc.assert(
      fc.property(fitted, between(0, 0.95), ({ gradient, start, eigenvalues }, momentum) => {
        const learningRate = 1 / eigenvalues[0]!;
        let [x, last] = [start, start];
        const byHand = Array.from({ length: 30 }, () => {
          const g = gradient(x);
          const next = x.map((xi, i) => xi - learningRate * g[i]! + momentum * (xi - last[i]!));
          [x, last] = [next, x];
          return next;
        });
        descend(sgd({ learningRate, momentum }), start, 30, gradient).forEach((point, t) => {
          expectNear(point, byHand[t]!, 1e-12);
        });
      }),
    );
  });

  test('Nesterov: the parameter is the point y of the two-line form', () => {
    fc.assert(
      fc.property(fitted, between(0.01, 0.95), ({ gradient, start, eigenvalues }, momentum) => {
        const learningRate = 1 / eigenvalues[0]!;
        let [x, y] = [start, start];
        const byHand = Array.from({ length: 30 }, () => {
          const g = gradient(y);
          const next = y.map((yi, i) => yi - learningRate * g[i]!);
          y = next.map((xi, i) => xi + momentum * (xi - x[i]!));
          x = next;
          return y;
        });
        descend(sgd({ learningRate, momentum, nesterov: true }), start, 30, gradient).forEach(
          (point, t) => {
            expectNear(point, byHand[t]!, 1e-12);
          },
        );
      }),
    );
  });

  test('momentum that tends to 0 tends to gradient descent', () => {
    fc.assert(
      fc.property(fitted, ({ gradient, start }) => {
        const plain = descend(sgd({ learningRate: 0.1 }), start, 5, gradient);
        for (const nesterov of [false, true]) {
          const tiny = descend(
            sgd({ learningRate: 0.1, momentum: 1e-300, nesterov }),
            start,
            5,
            gradient,
          );
          expect(tiny).toEqual(plain);
        }
      }),
    );
  });

  test('weight decay is the gradient of a penalty', () => {
    fc.assert(
      fc.property(fitted, between(0, 1), ({ gradient, start }, weightDecay) => {
        const penalized = (x: readonly number[]): number[] =>
          gradient(x).map((g, i) => g + weightDecay * x[i]!);
        for (const rule of [sgd, adam]) {
          const decayed = descend(rule({ learningRate: 0.05, weightDecay }), start, 10, gradient);
          expect(decayed).toEqual(descend(rule({ learningRate: 0.05 }), start, 10, penalized));
        }
      }),
    );
  });

  test('adamW without decay is adam, and with decay shrinks by 1 - a lambda what adam moves', () => {
    fc.assert(
      fc.property(fc.tuple(real, real), gradientsOf(away), (start, gradients) => {
        const free = runRule(adamW({ weightDecay: 0 }), start, gradients);
        expect(free).toEqual(runRule(adam(), start, gradients));
        const [learningRate, weightDecay] = [0.1, 0.5];
        const moves = runRule(adam({ learningRate }), [0, 0], gradients);
        let x: readonly number[] = start;
        runRule(adamW({ learningRate, weightDecay }), start, gradients).forEach((point, t) => {
          const move = moves[t]!.map((m, k) => m - (moves[t - 1]?.[k] ?? 0));
          x = x.map((xi, k) => xi * (1 - learningRate * weightDecay) + move[k]!);
          expectNear(point, x, 1e-13);
        });
      }),
    );
  });

  test('a constant schedule is a constant rate', () => {
    fc.assert(
      fc.property(fc.tuple(real, real), gradientsOf(real), (start, gradients) => {
        const constant = (step: GraphNode): GraphNode => step.mul(0).add(0.03);
        for (const rule of [sgd, adam, adamW]) {
          const scheduled = runRule(rule({ learningRate: constant }), start, gradients);
          expect(scheduled).toEqual(runRule(rule({ learningRate: 0.03 }), start, gradients));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a schedule counts from 0', () => {
    const points = runRule(sgd({ learningRate: (step) => step }), [0], [[1], [1], [1], [1]]);
    expect(points).toEqual([[0], [-1], [-3], [-6]]);
  });
});

describe('symmetries of Adam', () => {
  test('without epsilon the scale of the gradient does not matter', () => {
    fc.assert(
      fc.property(
        fc.tuple(real, real),
        gradientsOf(away),
        fc.integer({ min: -20, max: 20 }),
        between(1e-3, 1e3),
        (start, gradients, power, scale) => {
          const rule = adam({ learningRate: 0.1, epsilon: 0 });
          const times = (c: number): number[][] => gradients.map((g) => g.map((x) => c * x));
          const plain = runRule(rule, start, gradients);
          expect(runRule(rule, start, times(2 ** power))).toEqual(plain);
          runRule(rule, start, times(scale)).forEach((point, t) =>
            expectNear(point, plain[t]!, 1e-12),
          );
        },
      ),
    );
  });

  test('the first step is the learning rate in the direction of the sign', () => {
    fc.assert(
      fc.property(
        fc.array(away, { minLength: 1, maxLength: 5 }),
        between(1e-3, 1),
        (g, learningRate) => {
          const [first] = runRule(
            adam({ learningRate, epsilon: 0 }),
            g.map(() => 0),
            [g],
          );
          expectNear(
            first!,
            g.map((x) => -learningRate * Math.sign(x)),
            1e-15,
          );
        },
      ),
    );
  });

  test('a gradient that is always 0 moves nothing', () => {
    fc.assert(
      fc.property(fc.tuple(real, real), (start) => {
        const zeros = Array.from({ length: 5 }, () => [0, 0]);
        for (const rule of [sgd({ momentum: 0.9 }), adam(), adam({ amsgrad: true })]) {
          for (const point of runRule(rule, start, zeros)) expect(point).toEqual(start);
        }
      }),
    );
  });
});

describe('theorems', () => {
  test('gradient descent with step 2 / (L + mu) contracts by (k - 1) / (k + 1) on quadratics', () => {
    fc.assert(
      fc.property(fitted, ({ eigenvalues, gradient, start }) => {
        const [L, mu] = [eigenvalues[0]!, eigenvalues.at(-1)!];
        const rate = (L / mu - 1) / (L / mu + 1);
        descend(sgd({ learningRate: 2 / (L + mu) }), start, 40, gradient).forEach((point, t) => {
          expect(norm(point)).toBeLessThanOrEqual(
            rate ** (t + 1) * norm(start) * (1 + 1e-12) + 1e-14 * norm(start),
          );
        });
      }),
    );
  });

  test('the contraction is attained along the extreme eigenvectors', () => {
    fc.assert(
      fc.property(fitted, away, away, ({ eigenvalues, gradient, point }, a, b) => {
        const [L, mu] = [eigenvalues[0]!, eigenvalues.at(-1)!];
        const start = point(
          eigenvalues.map((_, i) => (i === 0 ? a : i === eigenvalues.length - 1 ? b : 0)),
        );
        const rate = (L / mu - 1) / (L / mu + 1);
        descend(sgd({ learningRate: 2 / (L + mu) }), start, 20, gradient).forEach((x, t) => {
          expect(Math.abs(norm(x) - rate ** (t + 1) * norm(start))).toBeLessThanOrEqual(
            1e-13 * norm(start),
          );
        });
      }),
    );
  });

  test('step 1 / L contracts by 1 - 1 / k, and every step above 2 / L diverges', () => {
    fc.assert(
      fc.property(fitted, away, ({ eigenvalues, gradient, start, point }, a) => {
        const [L, mu] = [eigenvalues[0]!, eigenvalues.at(-1)!];
        descend(sgd({ learningRate: 1 / L }), start, 30, gradient).forEach((x, t) => {
          expect(norm(x)).toBeLessThanOrEqual(
            (1 - mu / L) ** (t + 1) * norm(start) * (1 + 1e-12) + 1e-14 * norm(start),
          );
        });
        const top = point(eigenvalues.map((_, i) => (i === 0 ? a : 0)));
        const far = descend(sgd({ learningRate: 2.1 / L }), top, 50, gradient).at(-1)!;
        // Each step multiplies by 1 - 2.1.
        expect(norm(far)).toBeGreaterThan(0.99 * 1.1 ** 50 * norm(top));
      }),
    );
  });

  test('the descent lemma: a step 1 / beta gains at least |g|^2 / (2 beta)', () => {
    // The sum of 1 - cos(a_i x_i) is a_max^2-smooth, and not convex.
    fc.assert(
      fc.property(
        fc.array(fc.tuple(real, between(0.1, 3)), {
          minLength: 1,
          maxLength: 5,
        }),
        (pairs) => {
          const slopes = pairs.map(([, a]) => a);
          const f = (x: readonly number[]): number =>
            x.reduce((total, xi, i) => total + 1 - Math.cos(slopes[i]! * xi), 0);
          const gradient = (x: readonly number[]): number[] =>
            x.map((xi, i) => slopes[i]! * Math.sin(slopes[i]! * xi));
          const beta = Math.max(...slopes) ** 2;
          let x = pairs.map(([start]) => start);
          for (const next of descend(sgd({ learningRate: 1 / beta }), x, 20, gradient)) {
            const gain = f(x) - f(next);
            expect(gain).toBeGreaterThanOrEqual(
              norm(gradient(x)) ** 2 / (2 * beta) - 1e-14 * (1 + f(x)),
            );
            x = next;
          }
        },
      ),
    );
  });

  test('where Adam goes the wrong way, AMSGrad does not (Reddi, Kale and Kumar 2018)', () => {
    // The gradient is C at every third step and -1 else, on [-1, 1]: the minimum is at -1. The projection onto the
    // interval is part of the problem, so the steps are taken one by one and the momentum is none.
    const C = 3;
    const limit = (amsgrad: boolean): number => {
      const rule = adam({
        learningRate: (step) => reciprocal(step.add(1).sqrt()).mul(0.1),
        betas: [0, 1 / (1 + C * C)],
        amsgrad,
      });
      const gradients = Array.from({ length: 6000 }, (_, t) => [(t + 1) % 3 === 1 ? C : -1]);
      // Without momentum a move does not depend on where it starts: moves are taken from the free trajectory.
      let [x, last] = [0, 0];
      for (const [free] of runRule(rule, [0], gradients)) {
        x = Math.min(1, Math.max(-1, x + (free! - last)));
        last = free!;
      }
      return x;
    };
    expect(limit(false)).toBeGreaterThan(0.9);
    expect(limit(true)).toBeLessThan(-0.9);
  });
});
