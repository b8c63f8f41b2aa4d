/**
 * Rows: systems of equations, inverses and triangular factors of stacks of square matrices. Derivatives are those of the
 * equations that define the results (implicit differentiation), written with products of matrices and these
 * operations again.
 */
import { factorize, solveWith } from '../matrices/lu.ts';
import { choleskyFactor, substitute, type Triangle } from '../matrices/triangles.ts';
import { broadcastShapes, broadcastStrides, formatShape } from '../shape.ts';
import type { TensorData, Type } from '../tensor.ts';
import { lowerRoutine } from '../routines/lower.ts';
import * as elimination from '../routines/elimination.ts';
import * as triangles from '../routines/triangles.ts';
import { add, mul, neg } from './arithmetic.ts';
import { batchStacks } from './batch.ts';
import { transposed } from './contraction.ts';
import { sumTo } from './layout.ts';
import {
  checkSquare,
  forEachMatrix,
  identityMatrix,
  masked,
  squareType,
  stackOf,
  times,
} from './matrices.ts';
import { type Builder, type Kernel, RuleViolation, type SmoothRow } from './row.ts';
import { strongSystem } from './strong.ts';
import { viewPositions } from './views.ts';

/** The type of X in A X = B. */
function solutionType(a: Type, b: Type): Type {
  const n = checkSquare(a);
  if (b.shape.length < 2 || b.shape.at(-2) !== n) {
    throw new RuleViolation(
      `the right-hand side must have the shape [..., ${n}, m], got ${formatShape(b.shape)}`,
      'rule [..., n, n] and [..., n, m] -> [..., n, m]; for one vector per matrix, give it an axis of length 1 at the end',
    );
  }
  const stack = broadcastShapes(stackOf(a), stackOf(b));
  return { shape: [...stack, n, b.shape.at(-1)!], kind: 'real' };
}

/** A kernel that solves systems: `solve` turns the right-hand sides `x` of the matrix at `start` into solutions. */
function solutionKernel(
  [a, b]: readonly Type[],
  result: Type,
  solve: (data: TensorData, start: number, n: number, x: Float64Array, m: number) => void,
): Kernel {
  const [n, m] = [result.shape.at(-2)!, result.shape.at(-1)!];
  const stack = stackOf(result);
  const startsOf = (operand: Type, size: number): Int32Array =>
    viewPositions(
      stack,
      broadcastStrides(stackOf(operand), stack).map((stride) => stride * size),
    );
  const [matrices, sides] = [startsOf(a!, n * n), startsOf(b!, n * m)];
  return (data, [x, y]) => {
    for (let i = 0; i < matrices.length; i++) {
      const columns = Float64Array.from(y!.subarray(sides[i], sides[i]! + n * m));
      solve(x!, matrices[i]!, n, columns, m);
      data.set(columns, i * n * m);
    }
  };
}

export const solve: SmoothRow = {
  name: 'solve',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, elimination.solve),
  arity: 2,
  formula: 'X^{-1} Y',
  strong: () => strongSolve,
  attributes: {},
  infer: ([a, b]) => solutionType(a!, b!),
  prepare: (operands, _attributes, result) =>
    solutionKernel(operands, result, (data, start, n, x, m) => {
      solveWith(factorize(data, start, n), x, m);
    }),
  // Z = X^-1 Y: the message to Y is X^-T S, the message to X is -X^-T S Z^T.
  pullback(B, S, Z, [x, y], _attributes, position) {
    const toY = B.apply(solve, [transposed(B, x!), S]);
    if (position === 1) return sumTo(B, toY, B.typeOf(y!));
    return sumTo(B, B.apply(neg, [times(B, toY, transposed(B, Z))]), B.typeOf(x!));
  },
  // dZ = X^-1 (dY - dX Z)
  pushforward(B, tangent, Z, [x], _attributes, position) {
    const side = position === 1 ? tangent : B.apply(neg, [times(B, tangent, Z)]);
    return B.apply(solve, [x!, side]);
  },
  batch: (B, operands, batched, attributes) => batchStacks(B, solve, operands, batched, attributes),
};

/** The attributes of a triangular system. */
export interface TriangleAttributes extends Triangle {
  readonly [name: string]: boolean;
}

export const triangularSolve: SmoothRow<TriangleAttributes> = {
  name: 'triangularSolve',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, triangles.triangularSolve),
  arity: 2,
  formula: '\\operatorname{tri}(X)^{-1} Y',
  strong: () => strongTriangularSolve,
  attributes: { lower: 'boolean', transposed: 'boolean', unitDiagonal: 'boolean' },
  infer: ([a, b]) => solutionType(a!, b!),
  prepare: (operands, triangle, result) =>
    solutionKernel(operands, result, (data, start, n, x, m) => {
      substitute(data, start, n, x, m, triangle);
    }),
  // As for solve, but only the triangle that is looked at receives anything.
  pullback(B, S, Z, [x, y], triangle, position) {
    const toY = B.apply(triangularSolve, [x!, S], {
      ...triangle,
      transposed: !triangle.transposed,
    });
    if (position === 1) return sumTo(B, toY, B.typeOf(y!));
    const [u, v] = triangle.transposed ? [Z, toY] : [toY, Z];
    const outer = B.apply(neg, [times(B, u, transposed(B, v))]);
    return sumTo(B, inTriangle(B, outer, triangle), B.typeOf(x!));
  },
  pushforward(B, tangent, Z, [x], triangle, position) {
    if (position === 1) return B.apply(triangularSolve, [x!, tangent], triangle);
    const part = inTriangle(B, tangent, triangle);
    const moved = times(B, triangle.transposed ? transposed(B, part) : part, Z);
    return B.apply(triangularSolve, [x!, B.apply(neg, [moved])], triangle);
  },
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, triangularSolve, operands, batched, attributes),
};

/** The elements that a triangular system looks at. */
function inTriangle<V>(B: Builder<V>, x: V, { lower, unitDiagonal }: Triangle): V {
  const boundary = unitDiagonal ? 1 : 0;
  return masked(B, x, (i, j) => ((lower ? i - j : j - i) >= boundary ? 1 : 0));
}

export const inverse: SmoothRow = {
  name: 'inverse',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, elimination.inverse),
  arity: 1,
  formula: 'X^{-1}',
  attributes: {},
  infer: ([a]) => squareType(a!),
  prepare: ([a]) =>
    forEachMatrix(a!, (result, data, start, n) => {
      const columns = identityMatrix(n);
      solveWith(factorize(data, start, n), columns, n);
      result.set(columns, start);
    }),
  // d(X^-1) = -X^-1 dX X^-1
  pullback(B, S, Z) {
    const turned = transposed(B, Z);
    return B.apply(neg, [times(B, times(B, turned, S), turned)]);
  },
  pushforward: (B, tangent, Z) => B.apply(neg, [times(B, times(B, Z, tangent), Z)]),
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, inverse, operands, batched, attributes),
};

export const cholesky: SmoothRow = {
  name: 'cholesky',
  family: 'smooth',
  lower: (compiler) => lowerRoutine(compiler, triangles.cholesky),
  arity: 1,
  formula: 'L \\text{, lower triangular, with } L L^T = \\tfrac12 (X + X^T)',
  attributes: {},
  infer: ([a]) => squareType(a!),
  prepare: ([a]) =>
    forEachMatrix(a!, (result, data, start, n) => {
      choleskyFactor(result, data, start, n);
    }),
  // With P = the lower triangle, its diagonal halved: dL = L P(L^-1 dX L^-T), and the transpose of this map.
  pullback(B, S, L) {
    const inner = halfTriangle(B, times(B, transposed(B, L), masked(B, S, isLower)));
    const onLeft = solveLower(B, L, inner, true);
    return symmetric(B, transposed(B, solveLower(B, L, transposed(B, onLeft), true)));
  },
  pushforward(B, tangent, L) {
    const onLeft = solveLower(B, L, symmetric(B, tangent), false);
    const both = solveLower(B, L, transposed(B, onLeft), false); // symmetric, so it need not be turned back
    return times(B, L, halfTriangle(B, both));
  },
  batch: (B, operands, batched, attributes) =>
    batchStacks(B, cholesky, operands, batched, attributes),
};

const isLower = (i: number, j: number): number => (i >= j ? 1 : 0);

function halfTriangle<V>(B: Builder<V>, x: V): V {
  return masked(B, x, (i, j) => (i === j ? 0.5 : isLower(i, j)));
}

/** L^-1 Y or L^-T Y. */
function solveLower<V>(B: Builder<V>, L: V, y: V, turned: boolean): V {
  return B.apply(triangularSolve, [L, y], { lower: true, transposed: turned, unitDiagonal: false });
}

function symmetric<V>(B: Builder<V>, x: V): V {
  const half = B.apply(mul, [B.constant(0.5), x]);
  return B.apply(add, [half, transposed(B, half)]);
}

export const strongSolve: SmoothRow = /* @__PURE__ */ strongSystem(
  'strongSolve',
  solve,
  elimination.solve,
);

export const strongTriangularSolve: SmoothRow<TriangleAttributes> = /* @__PURE__ */ strongSystem(
  'strongTriangularSolve',
  triangularSolve,
  triangles.triangularSolve,
);
