/** Rows: the cofactors of square matrices, which are the derivative of the determinant. */
import { singularVectors } from '../matrices/singular-vectors.ts';
import { Tensor } from '../tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { batchStacks } from './batch.ts';
import { transposed } from './contraction.ts';
import { sum } from './layout.ts';
import { forEachMatrix, masked, matrixOf, squareType, times } from './matrices.ts';
import type { Builder, SmoothRow } from './row.ts';
import { singularFrame } from './singular-frame.ts';

export const cofactors: SmoothRow = {
  name: 'cofactors',
  family: 'smooth',
  arity: 1,
  formula: '\\frac{\\partial \\det X}{\\partial X}',
  attributes: {},
  infer: ([a]) => squareType(a!),
  // det(U D V^T) = det D for rotations, so the cofactors of the one are those of the other between U and V^T. Right for
  // every rank, to rounding relative to the largest cofactor.
  prepare: ([a]) =>
    forEachMatrix(a!, (result, data, start, n) => {
      const { left, right, values } = singularVectors(data, start, n);
      const others = values.map((_, k) =>
        values.reduce((product, value, i) => (i === k ? product : product * value), 1),
      );
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let element = 0;
          for (let k = 0; k < n; k++) element += left[i * n + k]! * others[k]! * right[j * n + k]!;
          result[start + i * n + j] = element;
        }
      }
    }),
  // The second derivative of the determinant is symmetric: the transposed map is the map itself.
  pullback: (B, S, _result, [x]) => cofactorsAlong(B, x!, S),
  pushforward: (B, tangent, _result, [x]) => cofactorsAlong(B, x!, tangent),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, cofactors, operands, batched, attributes),
};

/**
 * The derivative of the cofactors of A along H, from products of matrices alone, without a division: the reverse sweep
 * over the algorithm of R. S. Bird ("A simple division-free algorithm for computing determinants", 2011), and
 * its tangent. With F_1 = A, P_k = mu(F_k) and F_{k+1} = P_k A, the determinant is the first element of
 * F_n, up to sign.
 *
 * The algorithm cancels badly in general, and hardly at diagonal matrices. So A is made diagonal by rotations, which are
 * constants: as det A = det(U^T A V) for all of them, their own derivatives play no part.
 */
function cofactorsAlong<V>(B: Builder<V>, A: V, H: V): V {
  const n = B.typeOf(A).shape.at(-1)!;
  const [U, V] = [false, true].map((right) => B.apply(singularFrame, [A], { right })) as [V, V];
  const rotated = (x: V): V => times(B, times(B, transposed(B, U), x), V);
  const [X, dX] = [rotated(A), rotated(H)];
  const turned = transposed(B, X);
  const plus = (x: V, y: V): V => B.apply(add, [x, y]);
  const P: V[] = [];
  const dP: V[] = [];
  let [F, dF] = [X, dX];
  for (let k = 1; k < n; k++) {
    P.push(birdsMu(B, F, false));
    dP.push(birdsMu(B, dF, false));
    if (k === n - 1) break;
    F = times(B, P[k - 1]!, X);
    dF = plus(times(B, dP[k - 1]!, X), times(B, P[k - 1]!, dX));
  }
  const corner = new Float64Array(n * n);
  corner[0] = n % 2 === 0 ? -1 : 1;
  let G = B.constant(new Tensor([n, n], 'real', corner));
  let dG = B.apply(mul, [dX, B.constant(0)]);
  let sofar: V | undefined;
  for (let k = n - 2; k >= 0; k--) {
    const term = plus(times(B, transposed(B, dP[k]!), G), times(B, transposed(B, P[k]!), dG));
    sofar = sofar === undefined ? term : plus(sofar, term);
    dG = birdsMu(B, plus(times(B, dG, turned), times(B, G, transposed(B, dX))), true);
    G = birdsMu(B, times(B, G, turned), true);
  }
  const inner = sofar === undefined ? dG : plus(sofar, dG);
  return times(B, times(B, U, inner), transposed(B, V));
}

/**
 * Bird's map: what is above the diagonal stays, each element on it becomes minus the sum of those further down, and
 * what is below becomes 0; or the transpose of this linear map.
 */
function birdsMu<V>(B: Builder<V>, x: V, isTransposed: boolean): V {
  const rank = B.typeOf(x).shape.length;
  const [rows, columns] = [rank - 2, rank - 1];
  const diagonal = masked(B, x, (i, j) => (i === j ? 1 : 0));
  const along = isTransposed ? columns : rows;
  const list = B.apply(sum, [diagonal], { axes: [along], keepDims: true });
  const n = B.typeOf(x).shape.at(-1)!;
  const above = matrixOf(n, (i, j) => (i < j ? 1 : 0));
  const sums = B.apply(sum, [B.apply(mul, [B.constant(above), list])], {
    axes: [isTransposed ? rows : columns],
    keepDims: true,
  });
  const unit = B.constant(matrixOf(n, (i, j) => (i === j ? 1 : 0)));
  return B.apply(sub, [masked(B, x, (i, j) => (i < j ? 1 : 0)), B.apply(mul, [unit, sums])]);
}
