/** Functions to minimize. */
import { type GraphNode, matmul, Tensor } from '@ad/graph';
import type { LineSearch } from '@ad/optim';
import fc from 'fast-check';
import { between } from './numbers.ts';

/** Rosenbrock's valley, with its minimum 0 at (1, 1). */
export const rosenbrock = ({ x, y }: { readonly x: GraphNode; readonly y: GraphNode }): GraphNode =>
  x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));

/** A quadratic $\frac{1}{2} (x - c)^T A (x - c)$. */
export interface Quadratic {
  /** The matrix, row by row. */
  readonly matrix: Float64Array;
  /** Its eigenvalues. */
  readonly eigenvalues: readonly number[];
  /** Where the gradient is 0. */
  readonly center: Float64Array;
  /** The function. */
  readonly f: (x: GraphNode) => GraphNode;
}

/** The quadratic with these eigenvalues in the coordinates of these vectors, made orthogonal one after the other. */
export function quadratic(
  eigenvalues: readonly number[],
  vectors: readonly (readonly number[])[],
  center: readonly number[],
): Quadratic {
  const n = eigenvalues.length;
  // A product of reflections: orthogonal to rounding, whatever the vectors.
  const basis = eigenvalues.map((_, i) => eigenvalues.map((_, j) => Number(i === j)));
  for (const v of vectors) {
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (const row of basis) {
      const along = row.reduce((sum, x, i) => sum + x * v[i]!, 0);
      for (let i = 0; i < n; i++) row[i]! -= (2 * along * v[i]!) / square;
    }
  }
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const entry = eigenvalues.reduce((sum, l, k) => sum + l * basis[k]![i]! * basis[k]![j]!, 0);
      matrix[i * n + j] = entry;
      matrix[j * n + i] = entry;
    }
  }
  const a = new Tensor([n, n], 'real', matrix);
  const c = new Tensor([n], 'real', Float64Array.from(center));
  return {
    matrix,
    eigenvalues,
    center: Float64Array.from(center),
    f: (x) => {
      const d = x.sub(c);
      return matmul(x.graph.constant(a), d).mul(d).sum().mul(0.5);
    },
  };
}

/** Random quadratics of `n` variables with eigenvalues in a range. */
export function quadratics(
  n: number,
  least: number,
  most: number,
): fc.Arbitrary<Quadratic & { readonly start: Float64Array }> {
  const vector = (low: number, high: number): fc.Arbitrary<number[]> =>
    fc.array(between(low, high), { minLength: n, maxLength: n });
  return fc
    .tuple(
      vector(least, most),
      fc.array(vector(0.1, 1), { minLength: 2, maxLength: 2 }),
      vector(-3, 3),
      vector(-3, 3),
    )
    .map(([eigenvalues, vectors, center, start]) =>
      Object.assign(quadratic(eigenvalues, vectors, center), { start: Float64Array.from(start) }),
    );
}

/** The Euclidean distance. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.hypot(...Array.from(a, (x, i) => x - b[i]!));
}

/** The minimum of a parabola along the line. */
export const exactLineSearch: LineSearch = (line, start, firstStep) => {
  const { slope } = line(firstStep);
  const step = (firstStep * start.slope) / (start.slope - slope);
  return { found: true, ...line(step), quality: 'full', trials: 2, nonFinite: 0 };
};
